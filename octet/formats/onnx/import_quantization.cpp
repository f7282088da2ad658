// Integers: QuantizeLinear and DequantizeLinear, the QOperator set, integer arithmetic.
#include <ATen/ATen.h>

#include "octet/formats/onnx/import_convolution.h"
#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/import_integer_layers.h"
#include "octet/formats/onnx/import_matrix.h"
#include "octet/formats/onnx/importers.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// A scale or zero point laid out against x: one number, or one per index along `axis`.
OnnxValue laid_out(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& value,
                   const Shape& x, int64_t axis) {
  const Shape own = graph.shape_of(value);
  node.check(own.rank() <= 1 && own.num_elements() != kFreeDim,
             "has a scale or zero point {}; supported are one number and one per channel",
             to_string(own));
  const bool per_axis = own.num_elements() != 1;
  node.check(
      !per_axis || (axis >= 0 && axis < x.rank() && (x[axis] == own[0] || x[axis] == kFreeDim)),
      "has a scale or zero point {} along axis {} of {}", to_string(own), axis, to_string(x));
  Shape shape(static_cast<size_t>(x.rank()), 1);
  if (per_axis) shape[static_cast<size_t>(axis)] = own[0];
  return graph.buffer(graph.in_shape(value, shape));
}

// A zero point, or zeros of the given type if there is none.
OnnxValue zero_point_or_zeros(OnnxGraphBuilder& graph, const OnnxValue& zero_point,
                              const OnnxValue& scale, DType type) {
  if (zero_point != nullptr) return zero_point;
  return graph.constant(at::zeros(graph.shape_of(scale), scalar_type_of(type)));
}

OnnxValue dequantize(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                     const OnnxValue& scale, const OnnxValue& zero_point, int64_t axis) {
  const Shape shape = graph.shape_of(x);
  const OnnxValue zeros = zero_point_or_zeros(graph, zero_point, scale, graph.dtype_of_value(x));
  return graph.emit(DequantizeLinear{}, {graph.buffer(x), laid_out(node, graph, scale, shape, axis),
                                         laid_out(node, graph, zeros, shape, axis)});
}

OnnxValue quantize(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                   const OnnxValue& scale, const OnnxValue& zero_point, DType missing,
                   int64_t axis) {
  const Shape shape = graph.shape_of(x);
  const OnnxValue zeros = zero_point_or_zeros(graph, zero_point, scale, missing);
  const QuantFormat format = full_format(graph.dtype_of_value(zeros));
  return graph.emit(
      quantize_linear_for(format, RoundMode::HALF_TO_EVEN, Ste::CLIPPED),
      {x, laid_out(node, graph, scale, shape, axis), laid_out(node, graph, zeros, shape, axis)});
}

int64_t quantization_axis(OnnxNode& node, const OnnxGraphBuilder& graph) {
  const int64_t rank = graph.rank_of(node.input(0));
  const int64_t axis = node.opset() >= 13 ? node.integer("axis", 1) : 0;
  node.check(node.integer("block_size", 0) == 0, "has a block_size, which is not supported");
  return axis < 0 ? axis + rank : axis;
}

}  // namespace

OnnxValues import_quantize_linear(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t axis = quantization_axis(node, graph);
  node.ignore("saturate");  // of 8-bit floats
  DType type = DType::kUInt8;
  const auto wanted = static_cast<int32_t>(node.integer("output_dtype", 0));
  if (wanted != 0) type = dtype_of_onnx(wanted, node.where());
  return {quantize(node, graph, node.input(0), node.input(1), node.optional_input(2), type, axis)};
}

OnnxValues import_dequantize_linear(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t axis = quantization_axis(node, graph);
  return {dequantize(node, graph, node.input(0), node.input(1), node.optional_input(2), axis)};
}

namespace {

// The same of an input of a QOperator and the two behind it. The function is called NODE/part, so
// that the layer itself has the name of the node.
OnnxValue dequantize_input(const OnnxNode& node, OnnxGraphBuilder& graph, size_t index,
                           const std::string& part, int64_t axis) {
  graph.name_next(part);
  return dequantize(node, graph, node.input(index), node.input(index + 1),
                    node.optional_input(index + 2), axis);
}

OnnxValue quantize_output(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& y,
                          size_t scale, int64_t axis) {
  graph.name_next("y");
  return quantize(node, graph, y, node.input(scale), node.optional_input(scale + 1), DType::kUInt8,
                  axis);
}

// int32 on the scale of the products, which is known where both scales are.
OnnxValue dequantize_bias(const OnnxNode& node, OnnxGraphBuilder& graph, size_t index,
                          const OnnxValue& x_scale, const OnnxValue& w_scale, float alpha = 1) {
  OnnxValue scale;
  if (is_constant(x_scale) && is_constant(w_scale)) {
    scale = graph.constant(x_scale->known[0].flatten() * w_scale->known[0].flatten() * alpha);
  } else {
    scale = graph.emit(Mul2{}, {x_scale, w_scale});
    if (alpha != 1) scale = graph.emit(MulScalar{.val = alpha}, {scale});
  }
  graph.name_next("bias");
  const int64_t last = graph.rank_of(node.input(index)) - 1;
  return dequantize(node, graph, node.input(index), scale, nullptr, last);
}

}  // namespace

// An integer function; else the float convolution between DequantizeLinear and QuantizeLinear that
// it stands for.
OnnxValues import_qlinear_conv(OnnxNode& node, OnnxGraphBuilder& graph) {
  if (is_integer_layer(node, graph)) return {integer_convolution(node, graph)};
  const OnnxValue x = dequantize_input(node, graph, 0, "x", 1);
  const OnnxValue w = dequantize_input(node, graph, 3, "weight", 0);
  OnnxValue bias;
  if (node.has_input(8)) bias = dequantize_bias(node, graph, 8, node.input(1), node.input(4));
  return {quantize_output(node, graph, convolve(node, graph, x, w, bias), 6, 1)};
}

OnnxValues import_qlinear_matmul(OnnxNode& node, OnnxGraphBuilder& graph) {
  const bool has_weight = graph.rank_of(node.input(0)) >= 2 && graph.rank_of(node.input(3)) == 2;
  if (has_weight && is_integer_layer(node, graph)) return {integer_affine(node, graph)};
  if (is_integer_product(node, graph)) return {integer_product(node, graph)};
  const OnnxValue a = dequantize_input(node, graph, 0, "x", graph.rank_of(node.input(0)) - 2);
  const OnnxValue b = dequantize_input(node, graph, 3, "weight", graph.rank_of(node.input(3)) - 1);
  const OnnxValue y = matrix_product(graph, a, b);
  return {quantize_output(node, graph, y, 6, graph.rank_of(y) - 1)};
}

// ONNX Runtime's own: (A, B, C) with scales like QLinearMatMul's, C int32. Without a scale of the
// output it is float.
OnnxValues import_qgemm(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Gemm op{.alpha = node.number("alpha", 1.0F),
                .trans_a = node.flag("transA", false),
                .trans_b = node.flag("transB", false)};
  const OnnxValue a = dequantize_input(node, graph, 0, "x", -1);
  const OnnxValue b = dequantize_input(node, graph, 3, "weight", op.trans_b ? 0 : 1);
  OnnxValue c;
  if (node.has_input(6)) {
    c = dequantize_bias(node, graph, 6, node.input(1), node.input(4), op.alpha);
  }
  const OnnxValue y = gemm(graph, op, a, b, c);
  return {node.has_input(7) ? quantize_output(node, graph, y, 7, -1) : y};
}

namespace {

// Integers less their zero point as float64, in which all sums of products here are exact. Known
// ones keep their name: recover_integers() makes them the weight of an integer layer.
OnnxValue centred(const OnnxNode& node, OnnxGraphBuilder& graph, size_t input, size_t zero_point,
                  int64_t axis) {
  OnnxValue x = cast(graph, node.input(input), DType::kFloat64);
  if (node.has_input(zero_point)) {
    const OnnxValue zero =
        laid_out(node, graph, node.input(zero_point), graph.shape_of(node.input(input)), axis);
    x = graph.emit(Sub2{}, {x, cast(graph, zero, DType::kFloat64)});
  }
  if (is_known(x) && x->name.empty()) x->name = node.input(input)->name;
  return x;
}

}  // namespace

OnnxValues import_conv_integer(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue x = centred(node, graph, 0, 2, 1);
  const OnnxValue w = centred(node, graph, 1, 3, 0);
  return {cast(graph, convolve(node, graph, x, w, nullptr), DType::kInt32)};
}

OnnxValues import_matmul_integer(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue a = centred(node, graph, 0, 2, graph.rank_of(node.input(0)) - 2);
  const OnnxValue b = centred(node, graph, 1, 3, graph.rank_of(node.input(1)) - 1);
  return {cast(graph, graph.emit(BatchMatmul{}, {a, b}), DType::kInt32)};
}

OnnxValues import_dynamic_quantize_linear(OnnxNode& node, OnnxGraphBuilder& graph) {
  return graph.emit_all(DynamicQuantizeLinear{}, {node.input(0)});
}

}  // namespace octet
