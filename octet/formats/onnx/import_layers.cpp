// Layers with weights.
#include <algorithm>

#include "octet/formats/onnx/import_convolution.h"
#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/import_matrix.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

OnnxValue transposed(OnnxGraphBuilder& graph, const OnnxValue& x) {
  graph.name_next("Transpose");
  return graph.emit(Transpose{.axes = {1, 0}}, {x});
}

bool is_weight_matrix(const OnnxGraphBuilder& graph, const OnnxValue& value) {
  return graph.rank_of(value) == 2 && graph.is_weight(value);
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

ImportedConvolution convolution_of(OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                                   const OnnxValue& weight, float padding) {
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
    padded = pad_spatial(graph, x, pads.before, pads.after, padding);
  }
  return {op, padded};
}

OnnxValue convolve(OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                   const OnnxValue& weight, const OnnxValue& bias) {
  const auto [op, padded] = convolution_of(node, graph, x, weight, 0);
  OnnxValues inputs{padded, weight};
  if (bias != nullptr) inputs.push_back(bias);
  return graph.emit(op, inputs);
}

OnnxValues import_conv(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {convolve(node, graph, node.input(0), node.input(1), node.optional_input(2))};
}

namespace {

// How far the full output goes beyond the wanted one at either end. Where it falls short, it gets
// more output padding.
SpatialPads transpose_pads(OnnxNode& node, const Shape& x, Deconvolution& op,
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
    if (target > full) op.output_padding[i] += target - full;
    const int64_t total = std::max<int64_t>(full - target, 0);
    const int64_t half = total / 2;
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
  const bool is_plain = pads.is_symmetric();
  if (is_plain) op.pad = pads.before;
  OnnxValues inputs{x, node.input(1)};
  if (node.has_input(2)) inputs.push_back(node.input(2));
  OnnxValue y = graph.emit(op, inputs);
  if (is_plain) return {y};
  for (size_t i = 0; i < count; ++i) {
    const auto axis = static_cast<int64_t>(2 + i);

    y = slice_axis(graph, y, axis, pads.before[i], pads.after[i] == 0 ? kSliceEnd : -pads.after[i]);
  }
  return {y};
}

namespace {

// The bias (O) of a layer, from C of (O) or (1, O); null for what is none.
OnnxValue bias_of(OnnxGraphBuilder& graph, const OnnxValue& c, int64_t outputs) {
  const Shape shape = graph.shape_of(c);
  if (shape == Shape{outputs}) return c;
  if (shape != Shape{1, outputs} || !graph.is_weight(c)) return nullptr;
  graph.name_next("Reshape");
  return graph.emit(Reshape{.shape = {outputs}}, {c});
}

}  // namespace

OnnxValue gemm(OnnxGraphBuilder& graph, const Gemm& op, const OnnxValue& a, const OnnxValue& b,
               const OnnxValue& c) {
  if (op.alpha == 1.0F && is_weight_matrix(graph, b)) {
    OnnxValues inputs{op.trans_a ? transposed(graph, a) : a, op.trans_b ? transposed(graph, b) : b};
    const int64_t outputs = graph.shape_of(inputs[1])[1];
    const OnnxValue bias = c != nullptr && op.beta == 1.0F ? bias_of(graph, c, outputs) : nullptr;
    if (bias != nullptr) inputs.push_back(bias);
    const OnnxValue y = graph.emit(Affine{}, inputs);
    if (bias != nullptr || c == nullptr) return y;
    return graph.emit(BcAdd2{}, {y, scaled(graph, c, op.beta)});
  }
  const OnnxValue product =
      graph.emit(BatchMatmul{.transpose_a = op.trans_a, .transpose_b = op.trans_b}, {a, b});
  const OnnxValue y = scaled(graph, product, op.alpha);
  return c == nullptr ? y : graph.emit(BcAdd2{}, {y, scaled(graph, c, op.beta)});
}

OnnxValues import_gemm(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Gemm op{.alpha = node.number("alpha", 1.0F),
                .beta = node.number("beta", 1.0F),
                .trans_a = node.flag("transA", false),
                .trans_b = node.flag("transB", false)};
  node.ignore("broadcast");
  node.check(graph.rank_of(node.input(0)) == 2 && graph.rank_of(node.input(1)) == 2,
             "has operands {} and {} that are not matrices",
             to_string(graph.shape_of(node.input(0))), to_string(graph.shape_of(node.input(1))));
  return {gemm(graph, op, node.input(0), node.input(1), node.optional_input(2))};
}

OnnxValue matrix_product(OnnxGraphBuilder& graph, const OnnxValue& a, const OnnxValue& b) {
  if (is_weight_matrix(graph, b) && graph.rank_of(a) >= 2 && !graph.is_weight(a)) {
    return graph.emit(Affine{.base_axis = graph.rank_of(a) - 1}, {a, b});
  }
  return graph.emit(BatchMatmul{}, {a, b});
}

OnnxValues import_matmul(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {matrix_product(graph, node.input(0), node.input(1))};
}

OnnxValues import_einsum(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Einsum{.equation = node.word("equation", "")}, node.inputs())};
}

}  // namespace octet
