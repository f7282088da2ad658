#include "octet/base/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdlib>

namespace octet {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto created = std::make_shared<spdlog::logger>(
        "octet", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    created->set_pattern("octet: %^%l%$: %v");
    const char* level = std::getenv("OCTET_LOG");
    created->set_level(level != nullptr ? spdlog::level::from_str(level) : spdlog::level::info);
    return created;
  }();
  return *instance;
}

}  // namespace octet
