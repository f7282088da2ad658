#include "octet/models/zoo.h"

#include <array>

#include "octet/base/error.h"

namespace octet::models {
namespace {

struct Entry {
  std::string_view name;
  VariableRef (*build)(const VariableRef&, const ModelOptions&);
};

constexpr std::array kModels{
    Entry{"mobilenet_v1", mobilenet_v1}, Entry{"mobilenet_v2", mobilenet_v2},
    Entry{"resnet18", resnet18},         Entry{"resnet34", resnet34},
    Entry{"resnet50", resnet50},         Entry{"resnet101", resnet101},
    Entry{"resnet152", resnet152},       Entry{"densenet121", densenet121}};

const Entry* find(const std::string& name) {
  for (const Entry& entry : kModels) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kModels) names.emplace_back(entry.name);
  return names;
}

bool is_model(const std::string& name) {
  return find(name) != nullptr;
}

VariableRef build_model(const std::string& name, const VariableRef& image,
                        const ModelOptions& options) {
  const Entry* entry = find(name);
  OCTET_CHECK(entry != nullptr, name, "there is no model of this name; there are {}",
              fmt::join(model_names(), ", "));
  return entry->build(image, options);
}

}  // namespace octet::models
