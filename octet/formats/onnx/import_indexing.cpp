// Reading and writing at positions that are data.
#include <ATen/ATen.h>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

std::string reduction_of(OnnxNode& node) {
  const std::string reduction = node.word("reduction", "none");
  node.check(reduction == "none" || reduction == "add" || reduction == "mul" ||
                 reduction == "max" || reduction == "min",
             "has the reduction '{}'", reduction);
  return reduction;
}

// (i..., m) as (m, i...), as Octet's operations want it.
OnnxValue last_axis_first(OnnxGraphBuilder& graph, const OnnxValue& indices) {
  return move_axis(graph, indices, graph.rank_of(indices) - 1, 0);
}

}  // namespace

OnnxValues import_gather(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Gather{.axis = node.integer("axis", 0)}, {node.input(0), node.input(1)})};
}

OnnxValues import_gather_elements(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {
      graph.emit(GatherElements{.axis = node.integer("axis", 0)}, {node.input(0), node.input(1)})};
}

OnnxValues import_gather_nd(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(GatherNd{.batch_dims = node.integer("batch_dims", 0)},
                     {node.input(0), last_axis_first(graph, node.input(1))})};
}

OnnxValues import_scatter_elements(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t axis = node.integer("axis", 0);
  return {graph.emit(ScatterElements{.axis = axis, .reduction = reduction_of(node)},
                     {node.input(0), node.input(1), node.input(2)})};
}

OnnxValues import_scatter_nd(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(ScatterNd{.reduction = reduction_of(node)},
                     {node.input(2), last_axis_first(graph, node.input(1)), node.input(0)})};
}

// values[1] at the index, values[0] elsewhere.
OnnxValues import_one_hot(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& indices = node.input(0);
  const auto depth = static_cast<int64_t>(node.known_number(1));
  node.check(depth >= 1, "has the depth {}", depth);
  const int64_t rank = graph.rank_of(indices);
  const int64_t axis = node_axis(node, node.integer("axis", -1), rank + 1);
  const Shape shape = graph.shape_of(indices);
  OnnxValue column = indices;
  if (const std::optional<SampledShape> own = graph.samples_of(indices)) {
    SampledShape longer = *own;
    for (Shape& run : longer) run.push_back(1);
    column = reshape_to(graph, indices, longer);
  } else {
    Shape longer = shape;
    longer.push_back(1);
    column = reshape_to(graph, indices, longer);
  }
  const OnnxValue ones = graph.emit(OneHot{.shape = {depth}}, {column});
  const OnnxValue choice = cast(graph, move_axis(graph, ones, rank, axis), DType::kInt64);
  return {graph.emit(Gather{}, {node.input(2), choice})};
}

// What is taken is known where the condition is.
OnnxValues import_compress(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& condition = node.input(1);
  node.check(is_known(condition) && is_constant(condition),
             "gives a result whose shape depends on the data, unless its condition is a constant");
  const at::Tensor truth = condition->known[0].to(at::kBool);
  node.check(truth.dim() == 1, "has a condition of {} dimensions", truth.dim());
  const OnnxValue taken = graph.constant(truth.nonzero().flatten());
  if (node.has("axis")) {
    const int64_t axis = node_axis(node, node.integer("axis", 0), graph.rank_of(node.input(0)));
    return {graph.emit(Gather{.axis = axis}, {node.input(0), taken})};
  }
  const OnnxValue flat = reshape_to(graph, node.input(0), Shape{-1});
  return {graph.emit(Gather{}, {flat, taken})};
}

OnnxValues import_non_zero(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  node.check(is_known(x) && is_constant(x),
             "gives a result whose shape depends on the data, unless its input is a constant");
  return {graph.constant(x->known[0].nonzero().t().contiguous())};
}

OnnxValues import_trilu(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t k = node.has_input(1) ? node.known_integer(1) : 0;
  return {graph.emit(Trilu{.k = k, .upper = node.flag("upper", true)}, {node.input(0)})};
}

OnnxValues import_reverse_sequence(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(ReverseSequence{.batch_axis = node.integer("batch_axis", 1),
                                     .time_axis = node.integer("time_axis", 0)},
                     {node.input(0), node.input(1)})};
}

}  // namespace octet
