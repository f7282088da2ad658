#include "octet/ops/operation.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/attribute_text.h"

namespace octet {
namespace {

template <class Function>
void for_each_operation(Function&& function) {
#define OCTET_OP(Type, name) function(Type{});
#include "octet/ops/ops.inc"
#undef OCTET_OP
}

OutputTypes infer(const NoOperation&, InputTypes) {
  OCTET_INTERNAL_CHECK(!"NoOperation in a graph");
  return {};
}

OutputTensors forward(const NoOperation&, InputTensors, ForwardContext&) {
  OCTET_INTERNAL_CHECK(!"NoOperation in a graph");
  return {};
}

template <class Operation>
std::span<const InputSpec> specs_of(const Operation& operation) {
  if constexpr (requires { operation.kInputs; }) {
    return operation.kInputs;
  } else {
    return {};
  }
}

void check_arity(const Attributes& attributes, size_t given) {
  const auto specs = input_specs(attributes);
  size_t required = 0;
  bool variadic = false;
  for (const InputSpec& spec : specs) {
    required += spec.optional ? 0 : 1;
    variadic = variadic || spec.variadic;
  }
  OCTET_CHECK(given >= required, type_name(attributes), "needs {} inputs, got {}", required, given);
  OCTET_CHECK(variadic || given <= specs.size(), type_name(attributes),
              "takes at most {} inputs, got {}", specs.size(), given);
}

}  // namespace

Attributes::Attributes(const Attributes& other) = default;
Attributes::Attributes(Attributes&& other) noexcept = default;
Attributes& Attributes::operator=(const Attributes& other) = default;
Attributes& Attributes::operator=(Attributes&& other) noexcept = default;
Attributes::~Attributes() = default;

bool Attributes::operator==(const Attributes& other) const {
  return static_cast<const AttributesVariant&>(*this) ==
         static_cast<const AttributesVariant&>(other);
}

std::string_view type_name(const Attributes& attributes) {
  return std::visit([](const auto& a) { return a.kType; },
                    static_cast<const AttributesVariant&>(attributes));
}

const std::vector<std::string_view>& operation_types() {
  static const std::vector<std::string_view> types = [] {
    std::vector<std::string_view> names;
    for_each_operation([&](const auto& operation) { names.push_back(operation.kType); });
    return names;
  }();
  return types;
}

std::optional<Attributes> default_attributes(std::string_view type) {
  static const std::map<std::string_view, Attributes> defaults = [] {
    std::map<std::string_view, Attributes> table;
    for_each_operation([&](const auto& operation) { table.emplace(operation.kType, operation); });
    return table;
  }();
  const auto found = defaults.find(type);
  if (found == defaults.end()) return std::nullopt;
  return found->second;
}

std::span<const InputSpec> input_specs(const Attributes& attributes) {
  return std::visit([](const auto& a) { return specs_of(a); },
                    static_cast<const AttributesVariant&>(attributes));
}

const InputSpec& input_spec(const Attributes& attributes, size_t index) {
  const auto specs = input_specs(attributes);
  OCTET_INTERNAL_CHECK(!specs.empty());
  return specs[std::min(index, specs.size() - 1)];
}

OutputTypes infer_types(const Attributes& attributes, InputTypes inputs) {
  check_arity(attributes, inputs.size());
  return std::visit([&](const auto& a) { return infer(a, inputs); },
                    static_cast<const AttributesVariant&>(attributes));
}

OutputTensors run_forward(const Attributes& attributes, InputTensors inputs,
                          ForwardContext& context) {
  return std::visit([&](const auto& a) { return forward(a, inputs, context); },
                    static_cast<const AttributesVariant&>(attributes));
}

std::string attributes_to_string(const Attributes& attributes) {
  const Attributes defaults = *default_attributes(type_name(attributes));
  std::map<std::string_view, std::string> default_texts;
  visit_fields(defaults, [&](std::string_view name, const auto& value) {
    default_texts[name] = attribute_text(value);
  });
  std::string text;
  visit_fields(attributes, [&](std::string_view name, const auto& value) {
    const std::string printed = attribute_text(value);
    if (printed == default_texts[name]) return;
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, printed);
  });
  return text.empty() ? text : "{" + text + "}";
}

void set_attribute(Attributes& attributes, std::string_view field, std::string_view value) {
  bool found = false;
  const std::string_view type = type_name(attributes);
  visit_fields(attributes, [&](std::string_view name, auto& target) {
    if (name != field) return;
    found = true;
    OCTET_CHECK(parse_attribute(value, target), type, "'{}' is not a value for {}", value, field);
  });
  OCTET_CHECK(found, type, "has no attribute '{}'", field);
}

}  // namespace octet
