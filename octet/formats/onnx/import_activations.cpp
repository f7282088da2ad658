#include <cmath>
#include <numbers>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {

OnnxValues import_leaky_relu(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  return {graph.emit(LeakyReLU{.alpha = node.number("alpha", 0.01F)}, {node.input(0)})};
}

OnnxValues import_elu(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  return {graph.emit(ELU{.alpha = node.number("alpha", 1.0F)}, {node.input(0)})};
}

OnnxValues import_selu(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  const bool old = node.opset() < 6;
  const float alpha = node.number("alpha", old ? 1.6732F : 1.67326319217681884765625F);
  const float gamma = node.number("gamma", old ? 1.0507F : 1.05070102214813232421875F);
  return {graph.emit(SELU{.scale = gamma, .alpha = alpha}, {node.input(0)})};
}

// max(0, x) + min(0, alpha (e^(x / alpha) - 1)): Barron, 2017.
OnnxValues import_celu(OnnxNode& node, OnnxGraphBuilder& graph) {
  const double alpha = node.number("alpha", 1.0F);
  node.check(alpha != 0, "has the alpha 0");
  const OnnxValue inner = graph.emit(MulScalar{.val = 1 / alpha}, {node.input(0)});
  return {graph.emit(MulScalar{.val = alpha}, {graph.emit(ELU{.alpha = 1.0}, {inner})})};
}

OnnxValues import_prelu(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  const OnnxValue& x = node.input(0);
  OnnxValue slope = node.input(1);
  const Shape x_shape = graph.shape_of(x);
  Shape shape = graph.shape_of(slope);
  if (node.opset() < 7 && shape.rank() == 1 && x_shape.rank() > 2) {  // along the channels
    shape.resize(static_cast<size_t>(x_shape.rank() - 1), 1);
  }
  node.check(shape.rank() <= x_shape.rank(), "has a slope {} for an input {}", to_string(shape),
             to_string(x_shape));
  int64_t axis = -1;
  int num_long = 0;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) continue;
    axis = x_shape.rank() - shape.rank() + i;
    ++num_long;
  }
  if (num_long <= 1 && axis != 0) {
    if (shape.rank() != 1 || num_long == 1) {
      slope = reshape_to(graph, slope, Shape{shape.num_elements()});
    }
    return {graph.emit(
        PReLU{.base_axis = num_long == 0 ? std::min<int64_t>(1, x_shape.rank() - 1) : axis},
        {x, slope})};
  }
  const OnnxValue below = graph.emit(MinimumScalar{.val = 0}, {x});
  return {graph.emit(BcAdd2{}, {graph.emit(ReLU{}, {x}), graph.emit(Mul2{}, {below, slope})})};
}

OnnxValues import_hard_sigmoid(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  const float alpha = node.number("alpha", 0.2F);
  const float beta = node.number("beta", 0.5F);
  if (alpha == 0.2F && beta == 0.5F) return {graph.emit(HardSigmoid{}, {node.input(0)})};
  const OnnxValue line =
      graph.emit(AddScalar{.val = beta}, {graph.emit(MulScalar{.val = alpha}, {node.input(0)})});
  return {graph.emit(Clip{.min = 0, .max = 1}, {line})};
}

OnnxValues import_softplus(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(SoftPlus{}, {node.input(0)})};
}

OnnxValues import_thresholded_relu(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const OnnxValue above = graph.emit(GreaterScalar{.val = node.number("alpha", 1.0F)}, {x});
  return {graph.emit(Mul2{}, {x, above})};
}

// x + bias below -lambd, x - bias above lambd, 0 between.
OnnxValues import_shrink(OnnxNode& node, OnnxGraphBuilder& graph) {
  const DType type = graph.dtype_of_value(node.input(0));
  const OnnxValue x = cast(graph, node.input(0), float_dtype(type));
  const double lambd = node.number("lambd", 0.5F);
  const double bias = node.number("bias", 0.0F);
  const OnnxValue low = graph.emit(Mul2{}, {graph.emit(AddScalar{.val = bias}, {x}),
                                            graph.emit(LessScalar{.val = -lambd}, {x})});
  const OnnxValue high = graph.emit(Mul2{}, {graph.emit(AddScalar{.val = -bias}, {x}),
                                             graph.emit(GreaterScalar{.val = lambd}, {x})});
  return {cast(graph, graph.emit(Add2{}, {low, high}), type)};
}

OnnxValues import_gelu(OnnxNode& node, OnnxGraphBuilder& graph) {
  const std::string approximate = node.word("approximate", "none");
  node.check(approximate == "none" || approximate == "tanh", "has the approximate '{}'",
             approximate);
  const OnnxValue& x = node.input(0);
  if (approximate == "tanh") return {graph.emit(GELU{}, {x})};
  const OnnxValue scaled = graph.emit(MulScalar{.val = 1 / std::numbers::sqrt2}, {x});
  const OnnxValue gate = graph.emit(AddScalar{.val = 1}, {graph.emit(Erf{}, {scaled})});
  return {graph.emit(Mul2{}, {graph.emit(MulScalar{.val = 0.5}, {x}), gate})};
}

namespace {

// Before version 13, the dimensions from `axis` on count as one.
struct MergedAxes {
  OnnxValue x;
  int64_t axis = 0;
  bool merged = false;
};

MergedAxes merge_axes(OnnxNode& node, OnnxGraphBuilder& graph) {
  MergedAxes result{node.input(0), 0, false};
  const int64_t rank = graph.rank_of(result.x);
  const bool is_old = node.opset() < 13;
  result.axis = node.integer("axis", is_old ? 1 : -1);
  if (is_old && result.axis == rank && rank > 0) result.axis = rank;
  result.axis = result.axis == rank ? rank : node_axis(node, result.axis, rank);
  if (!is_old || result.axis == rank - 1) return result;
  const std::optional<SampledShape> own = graph.samples_of(result.x);
  node.check(own.has_value(), "takes several dimensions of {} as one, which needs their extents",
             to_string(graph.shape_of(result.x)));
  SampledShape flat;
  for (size_t run = 0; run < kSamples; ++run) {
    flat[run] = {(*own)[run].num_elements(0, result.axis),
                 (*own)[run].num_elements(result.axis, rank)};
  }
  result.x = reshape_to(graph, result.x, flat);
  result.axis = 1;
  result.merged = true;
  return result;
}

OnnxValue restored(OnnxNode& node, OnnxGraphBuilder& graph, const MergedAxes& from,
                   const OnnxValue& y) {
  return from.merged ? reshape_to(graph, y, *graph.samples_of(node.input(0))) : y;
}

}  // namespace

OnnxValues import_softmax(OnnxNode& node, OnnxGraphBuilder& graph) {
  const MergedAxes from = merge_axes(node, graph);
  const OnnxValue y = node.type() == "Softmax"
                          ? graph.emit(Softmax{.axis = from.axis}, {from.x})
                          : graph.emit(LogSoftmax{.axis = from.axis}, {from.x});
  return {restored(node, graph, from, y)};
}

// A one at the first maximum.
OnnxValues import_hardmax(OnnxNode& node, OnnxGraphBuilder& graph) {
  const MergedAxes from = merge_axes(node, graph);
  const Shape shape = graph.shape_of(from.x);
  const int64_t extent = shape[from.axis];
  node.check(extent != kFreeDim, "needs the extent of its axis");
  const int64_t last = shape.rank() - 1;
  const OnnxValue x = move_axis(graph, from.x, from.axis, last);
  const OnnxValue index =
      graph.emit(Max{.axes = {last}, .keep_dims = true, .only_index = true}, {x});
  const OnnxValue ones = graph.emit(OneHot{.shape = {extent}}, {index});
  const OnnxValue y =
      cast(graph, move_axis(graph, ones, last, from.axis), graph.dtype_of_value(from.x));
  return {restored(node, graph, from, y)};
}

}  // namespace octet
