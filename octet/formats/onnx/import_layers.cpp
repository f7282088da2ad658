// Layers with weights.
#include <algorithm>

#include "octet/formats/onnx/import_convolution.h"
#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

OnnxValue transposed(OnnxGraphBuilder& graph, const OnnxValue& x) {
  return graph.emit(Transpose{.axes = {1, 0}}, {x});
}

// A matrix that is a weight, of the file or computed from one.
bool is_weight_matrix(const OnnxGraphBuilder& graph, const OnnxValue& value) {
  return value->weight && graph.rank_of(value) == 2;
}

OnnxValue scaled(OnnxGraphBuilder& graph, const OnnxValue& x, float factor) {
  return factor == 1.0F ? x : graph.emit(MulScalar{.val = factor}, {x});
}

}  // namespace

// Pads on both sides of the spatial dimensions of x with a value.
OnnxValue pad_spatial(OnnxGraphBuilder& graph, const OnnxValue& x, const IntList& before,
                      const IntList& after, float value) {
  Pad pad{.constant_value = value};
  for (size_t i = 0; i < before.size(); ++i) {
    pad.pad_width.push_back(before[i]);
    pad.pad_width.push_back(after[i]);
  }
  return graph.emit(pad, {x});
}

OnnxValue convolve(OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                   const OnnxValue& weight, const OnnxValue& bias) {
  const Shape w = graph.shape_of(weight);
  node.check(w.rank() >= 3 && graph.rank_of(x) == w.rank(),
             "has an input {} and a weight {}; both need a batch, channels and spatial dimensions",
             to_string(graph.shape_of(x)), to_string(w));
  const size_t count = w.size() - 2;
  const IntList kernel(w.begin() + 2, w.end());
  const IntList given = node.integers("kernel_shape", kernel);
  node.check(given == kernel, "has the kernel_shape [{}] and a weight {}", fmt::join(given, ", "),
             to_string(w));
  Convolution op{.stride = spatial_attribute(node, "strides", count, 1),
                 .dilation = spatial_attribute(node, "dilations", count, 1),
                 .group = node.integer("group", 1)};
  IntList extent;
  for (size_t i = 0; i < count; ++i) extent.push_back(op.dilation[i] * (kernel[i] - 1) + 1);
  const SpatialPads pads = spatial_pads(node, graph.shape_of(x), extent, op.stride);
  OnnxValue padded = x;
  if (pads.is_symmetric()) {
    op.pad = pads.before;
  } else {
    padded = pad_spatial(graph, x, pads.before, pads.after, 0);
  }
  OnnxValues inputs{padded, weight};
  if (bias != nullptr) inputs.push_back(bias);
  return graph.emit(op, inputs);
}

OnnxValues import_conv(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {convolve(node, graph, node.input(0), node.input(1), node.optional_input(2))};
}

namespace {

// How far the full output goes beyond the wanted one at either end; negative where it falls short.
SpatialPads transpose_pads(OnnxNode& node, const Shape& x, const Deconvolution& op,
                           const IntList& kernel) {
  const size_t count = kernel.size();
  const IntList wanted = node.integers("output_shape");
  const std::string mode = node.word("auto_pad", "NOTSET");
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (wanted.empty() && !same) {
    return spatial_pads(node, x, kernel, op.stride);
  }
  node.ignore("pads");
  node.check(wanted.empty() || wanted.size() >= count, "has the output_shape [{}]",
             fmt::join(wanted, ", "));
  SpatialPads pads;
  for (size_t i = 0; i < count; ++i) {
    const int64_t n = x[2 + i];
    node.check(n != kFreeDim, "needs the extents of its input for output_shape or auto_pad");
    const int64_t full = op.stride[i] * (n - 1) + op.output_padding[i] + kernel[i];
    const int64_t target = wanted.empty() ? n * op.stride[i] : wanted[wanted.size() - count + i];
    const int64_t total = full - target;
    const int64_t half = total >= 0 ? total / 2 : -((-total) / 2);
    pads.before.push_back(mode == "SAME_UPPER" ? half : total - half);
    pads.after.push_back(total - pads.before.back());
  }
  return pads;
}

}  // namespace

OnnxValues import_conv_transpose(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const Shape w = graph.shape_of(node.input(1));
  node.check(w.rank() >= 3 && graph.rank_of(x) == w.rank(), "has an input {} and a weight {}",
             to_string(graph.shape_of(x)), to_string(w));
  const size_t count = w.size() - 2;
  node.ignore("kernel_shape");
  Deconvolution op{.stride = spatial_attribute(node, "strides", count, 1),
                   .dilation = spatial_attribute(node, "dilations", count, 1),
                   .group = node.integer("group", 1),
                   .output_padding = spatial_attribute(node, "output_padding", count, 0)};
  IntList extent;
  for (size_t i = 0; i < count; ++i) extent.push_back(op.dilation[i] * (w[2 + i] - 1) + 1);
  const SpatialPads pads = transpose_pads(node, graph.shape_of(x), op, extent);
  const bool is_plain = pads.is_symmetric() && std::all_of(pads.before.begin(), pads.before.end(),
                                                           [](int64_t pad) { return pad >= 0; });
  if (is_plain) op.pad = pads.before;
  OnnxValues inputs{x, node.input(1)};
  if (node.has_input(2)) inputs.push_back(node.input(2));
  OnnxValue y = graph.emit(op, inputs);
  if (is_plain) return {y};
  for (size_t i = 0; i < count; ++i) {
    const auto axis = static_cast<int64_t>(2 + i);
    node.check(pads.before[i] >= 0 && pads.after[i] >= 0,
               "wants an output that is larger than the layer gives");
    y = slice_axis(graph, y, axis, pads.before[i], pads.after[i] == 0 ? kSliceEnd : -pads.after[i]);
  }
  return {y};
}

// alpha A B + beta C. With a weight B it is a fully connected layer.
OnnxValues import_gemm(OnnxNode& node, OnnxGraphBuilder& graph) {
  const float alpha = node.number("alpha", 1.0F);
  const float beta = node.number("beta", 1.0F);
  const bool trans_a = node.flag("transA", false);
  const bool trans_b = node.flag("transB", false);
  node.ignore("broadcast");
  const OnnxValue& b = node.input(1);
  const OnnxValue c = node.optional_input(2);
  node.check(graph.rank_of(node.input(0)) == 2 && graph.rank_of(b) == 2,
             "has operands {} and {} that are not matrices",
             to_string(graph.shape_of(node.input(0))), to_string(graph.shape_of(b)));
  if (alpha == 1.0F && is_weight_matrix(graph, b)) {
    const OnnxValue a = trans_a ? transposed(graph, node.input(0)) : node.input(0);
    OnnxValues inputs{a, trans_b ? transposed(graph, b) : b};
    const int64_t columns = graph.shape_of(inputs[1])[1];
    const bool has_bias = c != nullptr && beta == 1.0F && graph.shape_of(c) == Shape{columns};
    if (has_bias) inputs.push_back(c);
    const OnnxValue y = graph.emit(Affine{}, inputs);
    if (has_bias || c == nullptr) return {y};
    return {graph.emit(BcAdd2{}, {y, scaled(graph, c, beta)})};
  }
  const OnnxValue product =
      graph.emit(BatchMatmul{.transpose_a = trans_a, .transpose_b = trans_b}, {node.input(0), b});
  const OnnxValue y = scaled(graph, product, alpha);
  if (c == nullptr) return {y};
  return {graph.emit(BcAdd2{}, {y, scaled(graph, c, beta)})};
}

OnnxValues import_matmul(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& a = node.input(0);
  const OnnxValue& b = node.input(1);
  if (is_weight_matrix(graph, b) && graph.rank_of(a) >= 2 && !a->weight) {
    return {graph.emit(Affine{.base_axis = graph.rank_of(a) - 1}, {a, b})};
  }
  return {graph.emit(BatchMatmul{}, {a, b})};
}

OnnxValues import_einsum(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Einsum{.equation = node.word("equation", "")}, node.inputs())};
}

}  // namespace octet
