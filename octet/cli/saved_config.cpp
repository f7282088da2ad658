#include "octet/cli/saved_config.h"

#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/base/logging.h"

namespace octet::cli {

std::optional<QATConfig> saved_config(const Model& model) {
  const nlohmann::json state = nlohmann::json::parse(model.extra, nullptr, false);
  if (!state.is_object() || !state.contains("config") || !state["config"].is_string()) {
    return std::nullopt;
  }
  try {
    QATConfig config;
    read_config_text(state["config"].get<std::string>(), "saved configuration", config);
    return config;
  } catch (const Error& error) {
    log_warning("the configuration in the file is passed by: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace octet::cli
