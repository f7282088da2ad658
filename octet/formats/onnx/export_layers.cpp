// Layers with weights.
#include "octet/formats/onnx/convolution_attributes.h"
#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/image_layout.h"

namespace octet {
namespace {

Names convolved(LayerExporter& layer, std::string_view type, bool channel_last, const Shape& kernel,
                const std::vector<NodeAttribute>& attributes) {
  ImageLayout layout(layer, kernel.rank(), channel_last);
  Names inputs{layout.to_nchw(), layer.weight(1)};
  if (layer.num_inputs() > 2) inputs.push_back(layer.input(2));
  return {layout.from_nchw(layer.node(type, inputs, attributes))};
}

}  // namespace

Names export_function(const Convolution& op, LayerExporter& layer) {
  const Shape kernel = kernel_of(layer.shape(1), 2, op.channel_last);
  return convolved(layer, "Conv", op.channel_last, kernel,
                   spatial_attributes(op, kernel, op.group));
}

Names export_function(const DepthwiseConvolution& op, LayerExporter& layer) {
  const Shape kernel = kernel_of(layer.shape(1), 1, false);
  const int64_t channels = layer.shape(0)[op.base_axis];
  return convolved(layer, "Conv", false, kernel, spatial_attributes(op, kernel, channels));
}

Names export_function(const Deconvolution& op, LayerExporter& layer) {
  const Shape kernel = kernel_of(layer.shape(1), 2, op.channel_last);
  std::vector<NodeAttribute> attributes = spatial_attributes(op, kernel, op.group);
  if (!op.output_padding.empty()) {
    attributes.push_back({"output_padding", IntList(op.output_padding)});
  }
  return convolved(layer, "ConvTranspose", op.channel_last, kernel, attributes);
}

Names export_function(const DepthwiseDeconvolution& op, LayerExporter& layer) {
  const Shape kernel = kernel_of(layer.shape(1), 1, false);
  const int64_t groups = layer.shape(0)[op.base_axis] / op.divisor;
  return convolved(layer, "ConvTranspose", false, kernel, spatial_attributes(op, kernel, groups));
}

// base_axis 1 is ONNX's fully connected layer; others are products of matrices.
Names export_function(const Affine& op, LayerExporter& layer) {
  const Shape& w = layer.shape(1);
  const int64_t inner = w[0];
  const bool matrix = w.rank() == 2;
  const Name weight = matrix ? layer.input(1) : layer.reshape(layer.input(1), {inner, -1});
  // A Reshape rather than a Flatten: runtimes move integers through it.
  Name x = layer.input(0);
  const int64_t base = op.base_axis;
  if (layer.rank(0) != base + 1) {
    Shape flat(static_cast<size_t>(base), 0);  // 0 keeps an extent
    flat.push_back(inner);
    x = layer.node("Reshape", {x, layer.integers(flat, "shape")});
  }
  Name bias;
  if (layer.num_inputs() > 2) {
    bias = layer.rank(2) == 1 ? layer.input(2) : layer.reshape(layer.input(2), {-1});
  }
  Name y;
  if (base == 1) {
    y = layer.node("Gemm", {x, weight, bias});
  } else {
    y = layer.node("MatMul", {x, weight});
    if (!bias.empty()) y = layer.node("Add", {y, bias});
  }
  if (matrix) return {y};
  Shape target(static_cast<size_t>(base), 0);
  target.insert(target.end(), w.begin() + 1, w.end());
  return {layer.node("Reshape", {y, layer.integers(target, "shape")})};
}

Names export_function(const BatchMatmul& op, LayerExporter& layer) {
  const auto matrix = [&](size_t index, bool transposed) {
    const Name x = layer.input(index);
    if (!transposed) return x;
    IntList permutation;
    for (int64_t i = 0; i < layer.rank(index); ++i) permutation.push_back(i);
    std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
    return layer.transpose(x, permutation);
  };
  return {layer.node("MatMul", {matrix(0, op.transpose_a), matrix(1, op.transpose_b)})};
}

Names export_function(const Embed&, LayerExporter& layer) {
  const Name rows = layer.cast(layer.input(0), DType::kInt64);
  return {layer.node("Gather", {layer.input(1), rows}, {{"axis", int64_t{0}}})};
}

Names export_function(const PReLU& op, LayerExporter& layer) {
  Name slope = layer.input(1);
  if (layer.shape(1).num_elements() == 1) {
    if (layer.rank(1) > 0) slope = layer.reshape(slope, {1});
  } else {
    IntList behind;
    for (int64_t i = op.base_axis + 1; i < layer.rank(0); ++i) behind.push_back(i - op.base_axis);
    slope = layer.unsqueeze(slope, behind);
  }
  return {layer.node("PRelu", {layer.input(0), slope})};
}

}  // namespace octet
