#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

struct Reduction {
  IntList axes;
  bool keep_dims = true;
  bool nothing = false;  // no axes, which was declared to mean none
};

Reduction reduction_of(OnnxNode& node, const OnnxGraphBuilder& graph) {
  const int64_t input_since = node.type() == "ReduceSum" ? 13 : 18;
  Reduction result;
  result.keep_dims = node.flag("keepdims", true);
  const IntList axes = axes_of(node, input_since, 1).value_or(IntList{});
  result.axes = node_axes(node, axes, graph.rank_of(node.input(0)));
  const bool noop = node.opset() >= input_since && node.flag("noop_with_empty_axes", false);
  result.nothing = noop && axes.empty();
  return result;
}

template <class Operation>
OnnxValue reduce(OnnxGraphBuilder& graph, const Reduction& over, const OnnxValue& x) {
  return graph.emit(Operation{.axes = over.axes, .keep_dims = over.keep_dims}, {x});
}

// Without axes to reduce, what the operator does to each element is left.
OnnxValue reduced_sum(OnnxGraphBuilder& graph, const Reduction& over, const OnnxValue& x) {
  return over.nothing ? x : reduce<Sum>(graph, over, x);
}

}  // namespace

OnnxValues import_reduction(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Reduction over = reduction_of(node, graph);
  const std::string& type = node.type();
  const OnnxValue& x = node.input(0);
  OnnxValue y = x;
  if (type == "ReduceSum") {
    y = reduced_sum(graph, over, x);
  } else if (type == "ReduceL1") {
    y = reduced_sum(graph, over, graph.emit(Abs{}, {x}));
  } else if (type == "ReduceSumSquare") {
    y = reduced_sum(graph, over, graph.emit(Mul2{}, {x, x}));
  } else if (type == "ReduceL2") {
    y = over.nothing ? graph.emit(Abs{}, {x})
                     : graph.emit(Norm{.axes = over.axes, .keep_dims = over.keep_dims}, {x});
  } else if (type == "ReduceLogSum") {
    y = graph.emit(Log{}, {reduced_sum(graph, over, x)});
  } else if (over.nothing) {
    return {x};
  } else if (type == "ReduceLogSumExp") {
    y = reduce<LogSumExp>(graph, over, x);
  } else if (type == "ReduceMean") {
    y = reduce<Mean>(graph, over, x);
  } else if (type == "ReduceProd") {
    y = reduce<Prod>(graph, over, x);
  } else if (type == "ReduceMax") {
    y = reduce<Max>(graph, over, x);
  } else {
    y = reduce<Min>(graph, over, x);
  }
  return {cast(graph, y, graph.dtype_of_value(x))};
}

OnnxValues import_arg_extremum(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t axis = node_axis(node, node.integer("axis", 0), graph.rank_of(node.input(0)));
  const bool keep_dims = node.flag("keepdims", true);
  const bool last = node.flag("select_last_index", false);
  if (node.type() == "ArgMax") {
    return {
        graph.emit(Max{.axes = {axis}, .keep_dims = keep_dims, .only_index = true, .last = last},
                   {node.input(0)})};
  }
  return {graph.emit(Min{.axes = {axis}, .keep_dims = keep_dims, .only_index = true, .last = last},
                     {node.input(0)})};
}

OnnxValues import_cumsum(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t axis = node_axis(node, node.known_integer(1), graph.rank_of(x));
  const OnnxValue y = graph.emit(CumSum{.axis = axis,
                                        .exclusive = node.flag("exclusive", false),
                                        .reverse = node.flag("reverse", false)},
                                 {x});
  return {cast(graph, y, graph.dtype_of_value(x))};
}

OnnxValues import_top_k(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t last = graph.rank_of(x) - 1;
  const int64_t axis = node_axis(node, node.integer("axis", -1), last + 1);
  const int64_t k = node.opset() >= 10 ? node.known_integer(1) : node.integer("k", 0);
  node.ignore("sorted");  // they always are
  const TopKData op{
      .k = k, .base_axis = last, .largest = node.flag("largest", true), .with_index = true};
  const OnnxValues found = graph.emit_all(op, {move_axis(graph, x, axis, last)});
  return {move_axis(graph, found[0], last, axis), move_axis(graph, found[1], last, axis)};
}

OnnxValues import_negative_log_likelihood(OnnxNode& node, OnnxGraphBuilder& graph) {
  const NegativeLogLikelihood op{.reduction = node.word("reduction", "mean"),
                                 .ignore_index = node.integer("ignore_index", -1)};
  const bool cross_entropy = node.type() == "SoftmaxCrossEntropyLoss";
  const OnnxValue x =
      cross_entropy ? graph.emit(LogSoftmax{.axis = 1}, {node.input(0)}) : node.input(0);
  OnnxValues inputs{x, node.input(1)};
  if (node.has_input(2)) inputs.push_back(node.input(2));
  return {graph.emit(op, inputs), x};
}

}  // namespace octet
