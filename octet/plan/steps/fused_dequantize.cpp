#include "octet/plan/steps/fused_dequantize.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"

namespace octet::plan {

namespace {

// Of a DequantizeLinear.
constexpr size_t kScale = 1, kZeroPoint = 2;

// Whether a parameter has one value, or as many as x has channels, along its second axis.
bool fits_channels(const Builder& builder, VariableId parameter, const Shape& x) {
  const Shape& shape = builder.type(parameter).shape;
  if (builder.graph().variable(parameter).kind != VariableKind::kParameter) return false;
  return shape.num_elements() == 1 || (x.rank() > 1 && shape.rank() == x.rank() &&
                                       shape[1] == x[1] && shape.num_elements() == x[1]);
}

}  // namespace

bool dequantizes_sums(const Builder& builder, const Function& function, const Shape& sums) {
  return std::holds_alternative<DequantizeLinear>(function.attributes) && sums.rank() >= 2 &&
         fits_channels(builder, function.inputs[kScale], sums) &&
         !builder.made(function.inputs[kScale]).needs_gradient;
}

std::optional<FusedDequantize> fusable_dequantize(const Builder& builder, const Function& layer) {
  const FunctionId reader = builder.only_reader(layer.outputs[0]);
  if (reader == kNoId) return std::nullopt;
  const Function& function = builder.graph().function(reader);
  if (!dequantizes_sums(builder, function, builder.type(layer.outputs[0]).shape)) {
    return std::nullopt;
  }
  return FusedDequantize{.function = reader,
                         .y = function.outputs[0],
                         .inputs = {builder.value_of(function.inputs[kScale]),
                                    builder.value_of(function.inputs[kZeroPoint])}};
}

std::vector<float> scales_of_sums(const Value& scale, const Value& zero_point,
                                  const std::string& name) {
  OCTET_CHECK(zero_point.tensor.eq(0).all().item<bool>(), name,
              "the zero point of int32 sums must be 0");
  const at::Tensor& values = scale.tensor;
  return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

}  // namespace octet::plan
