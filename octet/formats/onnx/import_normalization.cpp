#include <ATen/ATen.h>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

bool is_known_false(const OnnxValue& value) {
  return value == nullptr || (is_known(value) && is_constant(value) &&
                              value->known[0].numel() == 1 && !value->known[0].is_nonzero());
}

bool has_statistics_outputs(const OnnxNode& node) {
  bool wanted = false;
  for (size_t i = 1; i < node.num_outputs(); ++i) wanted = wanted || node.wants_output(i);
  return wanted;
}

}  // namespace

namespace {

// decay running + (1 - decay) batch, per channel. The variance is that of the values themselves,
// without a correction for their number.
OnnxValues new_statistics(OnnxNode& node, OnnxGraphBuilder& graph, float decay) {
  const OnnxValue& x = node.input(0);
  IntList axes{0};
  for (int64_t i = 2; i < graph.rank_of(x); ++i) axes.push_back(i);
  const auto moved = [&](const OnnxValue& running, const OnnxValue& batch) {
    return graph.emit(Add2{}, {graph.emit(MulScalar{.val = decay}, {graph.buffer(running)}),
                               graph.emit(MulScalar{.val = 1.0 - decay}, {batch})});
  };
  const auto mean_of = [&](const OnnxValue& value, bool keep_dims) {
    return graph.emit(Mean{.axes = axes, .keep_dims = keep_dims}, {value});
  };
  const OnnxValue centred = graph.emit(Sub2{}, {x, mean_of(x, true)});
  const OnnxValue variance = mean_of(graph.emit(Mul2{}, {centred, centred}), false);
  return {moved(node.input(3), mean_of(x, false)), moved(node.input(4), variance)};
}

}  // namespace

// Stays one operation, in the mode of the file. The running statistics of training mode are updated
// in place, unless something reads the new ones: then they are values like others.
OnnxValues import_batch_normalization(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t rank = graph.rank_of(x);
  node.check(rank >= 2, "has an input {} without channels", to_string(graph.shape_of(x)));
  node.ignore("consumed_inputs");
  node.check(node.opset() >= 9 || node.flag("spatial", true), "has spatial = 0");
  bool training = node.opset() < 14 && node.lists_output(1);  // which says so
  if (node.opset() >= 14) training = node.flag("training_mode", false);
  if (node.opset() < 7) training = !node.flag("is_test", false) && training;
  const bool gives_statistics = has_statistics_outputs(node);
  node.check(!gives_statistics || node.opset() >= 14,
             "of version {} has its running statistics as outputs; of 14 and later is supported",
             node.opset());
  BatchNormalization op{.decay_rate = node.number("momentum", 0.9F),
                        .eps = node.number("epsilon", 1e-5F),
                        .batch_stat = training};
  const OnnxValue gamma = along_axis(graph, node.input(1), 1, rank);
  const OnnxValue beta = along_axis(graph, node.input(2), 1, rank);
  if (training && gives_statistics) {
    OnnxValues outputs{graph.emit(op, {x, beta, gamma})};
    const OnnxValues statistics = new_statistics(node, graph, op.decay_rate);
    outputs.insert(outputs.end(), statistics.begin(), statistics.end());
    return outputs;
  }
  node.check(!gives_statistics, "has its running statistics as outputs without training_mode");
  const OnnxValue mean = graph.buffer(along_axis(graph, node.input(3), 1, rank));
  const OnnxValue variance = graph.buffer(along_axis(graph, node.input(4), 1, rank));
  return {graph.emit(op, {x, beta, gamma, mean, variance})};
}

OnnxValues import_instance_normalization(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t rank = graph.rank_of(x);
  node.ignore("consumed_inputs");
  const InstanceNormalization op{.eps = node.number("epsilon", 1e-5F)};
  return {graph.emit(op, {x, along_axis(graph, node.input(2), 1, rank),
                          along_axis(graph, node.input(1), 1, rank)})};
}

namespace {

// Until version 20 there is one scale and bias per group.
OnnxValue per_channel(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& value,
                      int64_t groups, int64_t channels) {
  if (node.opset() >= 21 || channels == groups) return value;
  const OnnxValue column = reshape_to(graph, value, Shape{groups, 1});
  const OnnxValue repeated = graph.emit(Broadcast{.shape = {groups, channels / groups}}, {column});
  return reshape_to(graph, repeated, Shape{channels});
}

}  // namespace

OnnxValues import_group_normalization(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const Shape shape = graph.shape_of(x);
  const int64_t groups = node.integer("num_groups", 0);
  node.check(shape.rank() >= 3 && groups > 0 && shape[1] % groups == 0,
             "has num_groups {} for an input {}", groups, to_string(shape));
  node.check(node.integer("stash_type", 1) == 1, "has another stash_type than float");
  const OnnxValue gamma = per_channel(node, graph, node.input(1), groups, shape[1]);
  const OnnxValue beta = per_channel(node, graph, node.input(2), groups, shape[1]);
  const GroupNormalization op{.num_groups = groups, .eps = node.number("epsilon", 1e-5F)};
  return {graph.emit(op, {x, along_axis(graph, beta, 1, shape.rank()),
                          along_axis(graph, gamma, 1, shape.rank())})};
}

OnnxValues import_layer_normalization(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t rank = graph.rank_of(x);
  const int64_t axis = node_axis(node, node.integer("axis", -1), rank);
  const float eps = node.number("epsilon", 1e-5F);
  node.check(node.integer("stash_type", 1) == 1, "has another stash_type than float");
  LayerNormalization op{.batch_axis = {}, .eps = eps, .no_bias = !node.has_input(2)};
  for (int64_t i = 0; i < axis; ++i) op.batch_axis.push_back(i);
  OnnxValues inputs{x};
  if (node.has_input(2)) inputs.push_back(node.input(2));
  inputs.push_back(node.input(1));
  OnnxValues outputs{graph.emit(op, inputs)};
  if (!has_statistics_outputs(node)) return outputs;
  IntList axes;
  for (int64_t i = axis; i < rank; ++i) axes.push_back(i);
  const OnnxValue mean = graph.emit(Mean{.axes = axes, .keep_dims = true}, {x});
  const OnnxValue centred = graph.emit(Sub2{}, {x, mean});
  const OnnxValue variance =
      graph.emit(Mean{.axes = axes, .keep_dims = true}, {graph.emit(Mul2{}, {centred, centred})});
  outputs.push_back(mean);
  outputs.push_back(
      graph.emit(PowScalar{.val = -0.5}, {graph.emit(AddScalar{.val = eps}, {variance})}));
  return outputs;
}

OnnxValues import_lrn(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(LRN{.size = node.integer("size", 0),
                         .alpha = node.number("alpha", 1e-4F),
                         .beta = node.number("beta", 0.75F),
                         .bias = node.number("bias", 1.0F)},
                     {node.input(0)})};
}

OnnxValues import_lp_normalization(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t axis = node_axis(node, node.integer("axis", -1), graph.rank_of(x));
  const auto p = static_cast<float>(node.integer("p", 2));
  const OnnxValue norm = graph.emit(Norm{.p = p, .axes = {axis}, .keep_dims = true}, {x});
  return {graph.emit(Div2{}, {x, norm})};
}

// In a file for inference it does nothing. In one for training it drops.
OnnxValues import_dropout(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  double ratio = 0.5;
  bool training = false;
  node.ignore("consumed_inputs");
  if (node.opset() < 12) {
    ratio = node.number("ratio", 0.5F);
    training = node.opset() < 7 && !node.flag("is_test", false);
  } else {
    node.ignore("seed");
    training = !is_known_false(node.optional_input(2));
    if (training) node.check(node.known_number(2) != 0, "has an unknown training_mode");
    if (training && node.has_input(1)) ratio = node.known_number(1);
  }
  if (!training || ratio == 0) {
    if (!node.wants_output(1)) return {x};
    const OnnxValue kept = graph.constant(at::ones({}, at::kBool));
    return {x, graph.expand_to(kept, graph.shape_tensor(x))};
  }
  node.check(!node.wants_output(1), "has its mask as an output, which is not supported");
  return {graph.emit(Dropout{.p = ratio}, {x})};
}

}  // namespace octet
