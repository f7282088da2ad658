#include "octet/ops/quantized_pooling.h"

#include <ATen/ATen.h>

#include "octet/ops/op_types.h"
#include "octet/ops/pooling_window.h"
#include "octet/ops/spatial.h"

namespace octet {

OutputTypes infer(const AveragePooling& op, InputTypes inputs);
OutputTypes infer(const GlobalAveragePooling& op, InputTypes inputs);

namespace {

enum PoolingInput : size_t { kX, kXScale, kXZeroPoint, kYScale, kYZeroPoint };

template <class Operation>
void check_scales(const Operation& op, InputTypes inputs) {
  for (size_t i = kXScale; i < inputs.size(); ++i) {
    check_qparams(op.kType, op.kInputs[i].name, inputs[i].shape);
  }
}

// sums: exact, in float64. counts broadcasts to them.
at::Tensor averaged(const IntegerOutput& output, const at::Tensor& sums, const at::Tensor& counts,
                    InputTensors inputs) {
  const at::Tensor x_scale = along_axis(inputs[kXScale], 0, 0);
  const at::Tensor y_scale = along_axis(inputs[kYScale], 0, 0);
  const at::Tensor multiplier = x_scale / counts.to(at::kFloat) / y_scale;
  return requantized(output, sums.to(at::kFloat) * multiplier, inputs[kYScale], inputs[kYZeroPoint],
                     /*axis=*/0);
}

}  // namespace

OutputTypes infer(const QuantizedAveragePooling& op, InputTypes inputs) {
  check_scales(op, inputs);
  const std::vector<VariableType> x{{DType::kFloat32, inputs[kX].shape, {}}};
  return {integer_type(op.kType, op, infer(static_cast<const AveragePooling&>(op), x)[0].shape)};
}

OutputTensors forward(const QuantizedAveragePooling& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  const PoolingWindow window(static_cast<const AveragePooling&>(op));
  const at::Tensor x = centred(inputs[kX], inputs[kXZeroPoint]).to(at::kDouble);
  return {map_images(x, window.spatial_dims(), op.channel_last, [&](const at::Tensor& images) {
    const at::Tensor counts = window.counts(images.detach(), op.including_pad);
    return averaged(op, sum_pool(images, window), counts, inputs);
  })};
}

OutputTypes infer(const QuantizedGlobalAveragePooling& op, InputTypes inputs) {
  check_scales(op, inputs);
  const std::vector<VariableType> x{{DType::kFloat32, inputs[kX].shape, {}}};
  return {integer_type(op.kType, op, infer(GlobalAveragePooling{}, x)[0].shape)};
}

OutputTensors forward(const QuantizedGlobalAveragePooling& op, InputTensors inputs,
                      ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  const at::Tensor x = centred(inputs[kX], inputs[kXZeroPoint]).to(at::kDouble);
  IntList axes;
  int64_t count = 1;
  for (int64_t i = 2; i < x.dim(); ++i) {
    axes.push_back(i);
    count *= x.size(i);
  }
  const at::Tensor counts = at::full({}, count, x.options().requires_grad(false));
  return {averaged(op, x.sum(axes, /*keepdim=*/true), counts, inputs)};
}

}  // namespace octet
