#include "octet/ops/quantized_layers.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/exact_product.h"
#include "octet/ops/op_types.h"

namespace octet {

// The float layers, whose shapes and sums these are.
OutputTypes infer(const Convolution& op, InputTypes inputs);
OutputTypes infer(const DepthwiseConvolution& op, InputTypes inputs);
OutputTypes infer(const Deconvolution& op, InputTypes inputs);
OutputTypes infer(const DepthwiseDeconvolution& op, InputTypes inputs);
OutputTypes infer(const Affine& op, InputTypes inputs);
OutputTensors forward(const Convolution& op, InputTensors inputs, ForwardContext& context);
OutputTensors forward(const DepthwiseConvolution& op, InputTensors inputs, ForwardContext& context);
OutputTensors forward(const Deconvolution& op, InputTensors inputs, ForwardContext& context);
OutputTensors forward(const DepthwiseDeconvolution& op, InputTensors inputs,
                      ForwardContext& context);
OutputTensors forward(const Affine& op, InputTensors inputs, ForwardContext& context);

namespace {

using layer_input::kW, layer_input::kWScale, layer_input::kX, layer_input::kXScale,
    layer_input::kXZeroPoint, layer_input::kYScale, layer_input::kYZeroPoint;

// The axis of the output's channels, and that of the weight's.
struct ChannelAxes {
  int64_t output;
  int64_t weight;
};

ChannelAxes channel_axes(const Convolution& op, int64_t weight_rank) {
  return {op.channel_last ? op.base_axis + weight_rank - 2 : op.base_axis, 0};
}
ChannelAxes channel_axes(const DepthwiseConvolution& op, int64_t) {
  return {op.base_axis, 0};
}
ChannelAxes channel_axes(const Deconvolution& op, int64_t weight_rank) {
  return {op.channel_last ? op.base_axis + weight_rank - 2 : op.base_axis,
          op.channel_last ? weight_rank - 1 : 1};
}
ChannelAxes channel_axes(const DepthwiseDeconvolution& op, int64_t) {
  return {op.base_axis, 0};
}
ChannelAxes channel_axes(const Affine& op, int64_t) {
  return {op.base_axis, 1};
}

// The axes of the weight that an output's sum runs over. (Of a grouped deconvolution that is a
// bound: it sums over the input channels of all groups.)
template <class Layer>
std::vector<int64_t> reduced_axes(const Layer& op, int64_t weight_rank) {
  const int64_t channels = channel_axes(op, weight_rank).weight;
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < weight_rank; ++i) {
    // Every output of an affine layer has a sum of its own, whatever their shape.
    if (i != channels && (!std::is_same_v<Layer, Affine> || i == 0)) axes.push_back(i);
  }
  if constexpr (std::is_same_v<Layer, DepthwiseDeconvolution>) {
    if (op.divisor > 1) axes.insert(axes.begin(), 0);
  }
  return axes;
}

// Scales of the columns of one group serve all groups.
at::Tensor output_scales(const at::Tensor& scale, int64_t group) {
  return scale.numel() == 1 || group == 1 ? scale : scale.flatten().repeat({group});
}

int64_t groups_of(const Deconvolution& op) {
  return op.group;
}
template <class Layer>
int64_t groups_of(const Layer&) {
  return 1;
}

// The bias, (outmaps) or an affine layer's (out...), in a shape that broadcasts to the output.
at::Tensor along_channels(const at::Tensor& bias, int64_t axis, int64_t rank) {
  Shape shape(bias.sizes().vec());
  shape.insert(shape.end(), static_cast<size_t>(rank - axis - bias.dim()), 1);
  return bias.reshape(shape);
}

template <class Layer, class Quantized>
OutputTypes infer_layer(const Quantized& op, InputTypes inputs) {
  std::vector<VariableType> operands{inputs[kX], inputs[kW]};
  if (inputs.size() > layer_input::kBias) operands.push_back(inputs[layer_input::kBias]);
  const Shape y = infer(static_cast<const Layer&>(op), operands)[0].shape;
  const Shape& w = inputs[kW].shape;
  const ChannelAxes axes = channel_axes(static_cast<const Layer&>(op), w.rank());
  const auto check = [&](size_t input, int64_t channels) {
    check_qparams(op.kType, op.kInputs[input].name, inputs[input].shape, channels);
  };
  check(kXScale, 1);
  check(kXZeroPoint, 1);
  check(kWScale, w[axes.weight]);
  check(kYScale, y[axes.output]);
  check(kYZeroPoint, y[axes.output]);
  return {integer_type(op.kType, op, y)};
}

template <class Layer, class Quantized>
OutputTensors run_layer(const Quantized& op, InputTensors inputs, ForwardContext& context) {
  const Layer& layer = op;
  check_scale_values(op.kInputs, inputs, context.where);
  const at::Tensor x = centred(inputs[kX], inputs[kXZeroPoint]);
  const at::Tensor w = inputs[kW].to(at::kFloat);
  const ChannelAxes axes = channel_axes(layer, w.dim());
  const auto product = [&](const at::Tensor& a, const at::Tensor& b) {
    return forward(layer, std::vector<at::Tensor>{a, b}, context)[0];
  };
  const int64_t rank = std::is_same_v<Layer, Affine> ? axes.output + w.dim() - 1 : x.dim();
  at::Tensor bias;
  if (inputs.size() > layer_input::kBias)
    bias = along_channels(inputs[layer_input::kBias], axes.output, rank);
  const at::Tensor acc = exact_product(x, w, bias, reduced_axes(layer, w.dim()), product);
  const at::Tensor multiplier = layer_multiplier(
      inputs[kXScale], output_scales(inputs[kWScale], groups_of(layer)), inputs[kYScale]);
  return {requantized(op, acc * along_axis(multiplier, axes.output, rank), inputs[kYScale],
                      inputs[kYZeroPoint], axes.output)};
}

}  // namespace

OutputTypes infer(const QuantizedConvolution& op, InputTypes inputs) {
  return infer_layer<Convolution>(op, inputs);
}
OutputTensors forward(const QuantizedConvolution& op, InputTensors inputs, ForwardContext& ctx) {
  return run_layer<Convolution>(op, inputs, ctx);
}

OutputTypes infer(const QuantizedDepthwiseConvolution& op, InputTypes inputs) {
  return infer_layer<DepthwiseConvolution>(op, inputs);
}
OutputTensors forward(const QuantizedDepthwiseConvolution& op, InputTensors inputs,
                      ForwardContext& ctx) {
  return run_layer<DepthwiseConvolution>(op, inputs, ctx);
}

OutputTypes infer(const QuantizedDeconvolution& op, InputTypes inputs) {
  return infer_layer<Deconvolution>(op, inputs);
}
OutputTensors forward(const QuantizedDeconvolution& op, InputTensors inputs, ForwardContext& ctx) {
  return run_layer<Deconvolution>(op, inputs, ctx);
}

OutputTypes infer(const QuantizedDepthwiseDeconvolution& op, InputTypes inputs) {
  OCTET_CHECK(op.divisor == 1 || inputs[kWScale].shape.num_elements() == 1, op.kType,
              "w_scale {} must have 1 value, as an output channel sums {} input channels",
              to_string(inputs[kWScale].shape), op.divisor);
  return infer_layer<DepthwiseDeconvolution>(op, inputs);
}
OutputTensors forward(const QuantizedDepthwiseDeconvolution& op, InputTensors inputs,
                      ForwardContext& ctx) {
  return run_layer<DepthwiseDeconvolution>(op, inputs, ctx);
}

OutputTypes infer(const QuantizedAffine& op, InputTypes inputs) {
  return infer_layer<Affine>(op, inputs);
}
OutputTensors forward(const QuantizedAffine& op, InputTensors inputs, ForwardContext& ctx) {
  return run_layer<Affine>(op, inputs, ctx);
}

}  // namespace octet
