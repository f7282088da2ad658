#include "octet/plan/steps/fused_quantize.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/quant/finite.h"

namespace octet::plan {

namespace {

// Of a QuantizeLinear.
constexpr size_t kScale = 1, kZeroPoint = 2;

}  // namespace

std::optional<FusedQuantize> quantization_of(const Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* quantize = std::get_if<QuantizeLinear>(&function.attributes);
  if (quantize == nullptr || !has_scalar_leaves(builder, function, kScale)) return std::nullopt;
  const QuantFormat format = format_of(*quantize);
  const auto type = byte_type_of(format.dtype);
  if (!type) return std::nullopt;
  return FusedQuantize{.y = function.outputs[0],
                       .inputs = {builder.value_of(function.inputs[kScale]),
                                  builder.value_of(function.inputs[kZeroPoint])},
                       .type = *type,
                       .requantization = {.multiplier = {},
                                          .bias = {},
                                          .offset = {},
                                          .qmin = static_cast<int32_t>(format.qmin()),
                                          .qmax = static_cast<int32_t>(format.qmax()),
                                          .round_mode = parse_round_mode(quantize->round_mode),
                                          .ste = parse_ste(quantize->ste)},
                       .name = builder.graph().display_name(id)};
}

kernels::Activation activation_of(const Attributes& attributes) {
  if (std::holds_alternative<ReLU>(attributes)) return kernels::Activation::kReLU;
  if (std::holds_alternative<ReLU6>(attributes)) return kernels::Activation::kReLU6;
  return kernels::Activation::kNone;
}

Finish finish_of(const Builder& builder, VariableId value) {
  Finish finish{.y = value};
  FunctionId reader = builder.only_reader(value);
  if (reader == kNoId) return finish;
  const Function& function = builder.graph().function(reader);
  finish.activation = activation_of(function.attributes);
  const FunctionId activation = reader;
  if (finish.activation != kernels::Activation::kNone) {
    finish.y = function.outputs[0];
    reader = builder.only_reader(finish.y);
  }
  if (reader != kNoId) finish.quantize = quantization_of(builder, reader);
  if (!finish.quantize) return finish;
  if (finish.activation != kernels::Activation::kNone) finish.in_between = {activation};
  finish.quantize->requantization.activation = finish.activation;
  finish.y = finish.quantize->y;
  return finish;
}

void throw_not_finite(const at::Tensor& x, kernels::Activation activation,
                      const std::string& name) {
  const bool six = activation == kernels::Activation::kReLU6;
  const bool activates = activation != kernels::Activation::kNone;
  check_finite(activates ? at::clamp(x, 0.0, six ? 6.0 : INFINITY) : x, name);
  OCTET_INTERNAL_CHECK(false);
}

}  // namespace octet::plan
