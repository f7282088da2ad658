// Layers on integers: convolutions as QLinearConv, or ConvInteger where their accumulators are
// wanted, products of matrices as MatMulInteger. ONNX has no transposed convolution of integers:
// that one is computed in float32, exact as long as its sums stay below 2^24.
#include <ATen/ATen.h>

#include "octet/formats/onnx/convolution_attributes.h"
#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/image_layout.h"
#include "octet/formats/onnx/integer_nodes.h"
#include "octet/ops/exact_product.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

using layer_input::kW, layer_input::kWScale, layer_input::kX, layer_input::kXScale,
    layer_input::kYScale;
constexpr size_t kBiasInput = layer_input::kBias;

// Integers below it are exact in float32.
constexpr double kExact = 0x1p24;

Name bias_of(LayerExporter& layer) {
  if (layer.num_inputs() <= kBiasInput) return {};
  const Name bias = layer.input(kBiasInput);
  return layer.type(kBiasInput).dtype == DType::kInt32 ? bias : layer.cast(bias, DType::kInt32);
}

// (C) in a shape that broadcasts to (N, C, spatial...).
Shape along_channels(int64_t spatial) {
  Shape shape(static_cast<size_t>(spatial) + 1, 1);
  shape[0] = -1;
  return shape;
}

at::Tensor multiplier_of(const IntegerNodes& nodes) {
  return layer_multiplier(nodes.value(kXScale), nodes.value(kWScale), nodes.value(kYScale));
}

// The same of an image's channels; one number has no dimensions.
at::Tensor over_image(const at::Tensor& multiplier, int64_t spatial) {
  if (multiplier.numel() == 1) return multiplier.reshape({});
  return multiplier.reshape(along_channels(spatial));
}

Name with_bias(LayerExporter& layer, const Name& acc, int64_t spatial) {
  const Name bias = bias_of(layer);
  if (bias.empty()) return acc;
  return layer.node("Add", {acc, layer.reshape(bias, along_channels(spatial))});
}

Name qlinear_conv(LayerExporter& layer, IntegerNodes& nodes, const Name& x,
                  const std::vector<NodeAttribute>& attributes) {
  const at::Tensor w_scale = nodes.value(kWScale);
  const at::Tensor zeros =
      w_scale.numel() == 1 ? at::zeros({}, at::kChar) : at::zeros_like(w_scale, at::kChar);
  return nodes.clamped(
      layer.node("QLinearConv",
                 {x, nodes.scale(kXScale), nodes.zero_point_of(kX), layer.weight(kW),
                  nodes.scale(kWScale), layer.constant(zeros, "w_zero_point"), nodes.y_scale(),
                  nodes.y_zero_point(), bias_of(layer)},
                 attributes));
}

// QLinearConv gives what it takes, int8 or uint8.
template <class Operation>
Names convolved(const Operation& op, LayerExporter& layer, bool channel_last, const Shape& kernel,
                int64_t group) {
  IntegerNodes nodes(layer, op, kYScale);
  nodes.check_small(kX);
  nodes.check_small(kW);
  ImageLayout layout(layer, kernel.rank(), channel_last);
  const Name x = layout.to_nchw();
  const std::vector<NodeAttribute> attributes = spatial_attributes(op, kernel, group);
  if (layer.output_type().dtype == layer.type(kX).dtype) {
    return {layout.from_nchw(qlinear_conv(layer, nodes, x, attributes))};
  }
  const Name acc =
      layer.node("ConvInteger", {x, layer.weight(kW), nodes.zero_point_of(kX)}, attributes);
  return {layout.from_nchw(nodes.of_accumulators(with_bias(layer, acc, kernel.rank()),
                                                 over_image(multiplier_of(nodes), kernel.rank())))};
}

std::vector<int64_t> axes_but(int64_t rank, int64_t axis) {
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < rank; ++i) {
    if (i != axis) axes.push_back(i);
  }
  return axes;
}

// The largest sum that the float32 convolution may come to; each runs over the weight's axes
// `summed`.
void check_exact(LayerExporter& layer, const IntegerNodes& nodes,
                 const std::vector<int64_t>& summed) {
  const at::Tensor w = constant_integers(layer.values(), layer.variable(kW));
  if (!w.defined()) layer.fail("has a weight that is computed, where ONNX wants it constant");
  const QuantFormat format = full_format(layer.type(kX).dtype);
  const double zero_point = nodes.value(kX + 2).item<double>();
  const double largest_x = std::max(static_cast<double>(format.qmax()) - zero_point,
                                    zero_point - static_cast<double>(format.qmin()));
  const double bound = largest_x * largest_weight_sum(w, summed);
  if (bound < kExact) return;
  layer.fail(
      "may sum to {:.0f}: ONNX has no transposed convolution of integers, and float32 holds them "
      "below 2^24 only; leave the layer float (exclude)",
      bound);
}

template <class Operation>
Names transposed(const Operation& op, LayerExporter& layer, bool channel_last, const Shape& kernel,
                 const std::vector<NodeAttribute>& attributes, int64_t group,
                 const std::vector<int64_t>& summed) {
  IntegerNodes nodes(layer, op, kYScale);
  nodes.check_small(kX);
  check_exact(layer, nodes, summed);
  ImageLayout layout(layer, kernel.rank(), channel_last);
  const Name x = nodes.centred(layout.to_nchw(), kX + 2);
  const Name w = layer.cast(layer.weight(kW), DType::kFloat32);
  const Name sums = layer.node("ConvTranspose", {x, w}, attributes);
  const Name acc = with_bias(layer, layer.cast(sums, DType::kInt32), kernel.rank());
  at::Tensor multiplier = multiplier_of(nodes);
  // One scale for each output of a group serves all groups.
  const bool shared = nodes.value(kWScale).numel() > 1 && nodes.value(kYScale).numel() == 1;
  if (shared) multiplier = multiplier.repeat({group});
  return {layout.from_nchw(nodes.of_accumulators(acc, over_image(multiplier, kernel.rank())))};
}

}  // namespace

Names export_function(const QuantizedConvolution& op, LayerExporter& layer) {
  return convolved(op, layer, op.channel_last, kernel_of(layer.shape(kW), 2, op.channel_last),
                   op.group);
}

Names export_function(const QuantizedDepthwiseConvolution& op, LayerExporter& layer) {
  return convolved(op, layer, false, kernel_of(layer.shape(kW), 1, false),
                   layer.shape(kX)[op.base_axis]);
}

Names export_function(const QuantizedDeconvolution& op, LayerExporter& layer) {
  const Shape kernel = kernel_of(layer.shape(kW), 2, op.channel_last);
  std::vector<NodeAttribute> attributes = spatial_attributes(op, kernel, op.group);
  if (!op.output_padding.empty()) {
    attributes.push_back({"output_padding", IntList(op.output_padding)});
  }
  const int64_t rank = layer.rank(kW);
  return transposed(op, layer, op.channel_last, kernel, attributes, op.group,
                    axes_but(rank, op.channel_last ? rank - 1 : 1));
}

Names export_function(const QuantizedDepthwiseDeconvolution& op, LayerExporter& layer) {
  const Shape kernel = kernel_of(layer.shape(kW), 1, false);
  const int64_t groups = layer.shape(kX)[op.base_axis] / op.divisor;
  // Several input channels make up an output where the divisor is above 1.
  return transposed(op, layer, false, kernel, spatial_attributes(op, kernel, groups), 1,
                    axes_but(layer.rank(kW), op.divisor > 1 ? -1 : 0));
}

Names export_function(const QuantizedAffine& op, LayerExporter& layer) {
  IntegerNodes nodes(layer, op, kYScale);
  nodes.check_small(kX);
  nodes.check_small(kW);
  const Shape& w = layer.shape(kW);
  const bool matrix = w.rank() == 2;
  Name x = layer.input(kX);
  if (layer.rank(kX) != op.base_axis + 1) {
    Shape flat(static_cast<size_t>(op.base_axis), 0);  // 0 keeps an extent
    flat.push_back(w[0]);
    x = layer.node("Reshape", {x, layer.integers(flat, "shape")});
  }
  const Name weight = matrix ? layer.input(kW) : layer.reshape(layer.input(kW), {w[0], -1});
  Name acc = layer.node("MatMulInteger", {x, weight, nodes.zero_point_of(kX)});
  if (const Name bias = bias_of(layer); !bias.empty()) {
    acc = layer.node("Add", {acc, layer.rank(kBiasInput) == 1 ? bias : layer.reshape(bias, {-1})});
  }
  at::Tensor multiplier = multiplier_of(nodes);
  // Of several output dimensions the first has the scales.
  const int64_t repeats = w.num_elements(1, w.rank()) / w[1];
  multiplier =
      multiplier.numel() == 1 ? multiplier.reshape({}) : multiplier.repeat_interleave(repeats);
  const Name y = nodes.of_accumulators(acc, multiplier);
  if (matrix) return {y};
  Shape target(static_cast<size_t>(op.base_axis), 0);
  target.insert(target.end(), w.begin() + 1, w.end());
  return {layer.node("Reshape", {y, layer.integers(target, "shape")})};
}

Names export_function(const QuantizedBatchMatmul& op, LayerExporter& layer) {
  constexpr size_t kA = 0, kB = 3, kY = 6;
  IntegerNodes nodes(layer, op, kY);
  const auto matrix = [&](size_t index, bool is_transposed) {
    nodes.check_small(index);
    const Name x = layer.input(index);
    if (!is_transposed) return x;
    IntList permutation;
    for (int64_t i = 0; i < layer.rank(index); ++i) permutation.push_back(i);
    std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
    return layer.transpose(x, permutation);
  };
  const Name acc =
      layer.node("MatMulInteger", {matrix(kA, op.transpose_a), matrix(kB, op.transpose_b),
                                   nodes.zero_point_of(kA), nodes.zero_point_of(kB)});
  const at::Tensor multiplier =
      layer_multiplier(nodes.value(kA + 1), nodes.value(kB + 1), nodes.value(kY));
  return {nodes.of_accumulators(acc, multiplier.reshape({}))};
}

}  // namespace octet
