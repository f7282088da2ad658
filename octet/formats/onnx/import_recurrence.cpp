// RNN, GRU and LSTM, whose equations and layouts Octet's Recurrence shares.
#include <ATen/ATen.h>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

std::string joined_activations(OnnxNode& node) {
  const std::vector<std::string> names = node.words("activations");
  return fmt::format("{}", fmt::join(names, ","));
}

OnnxValue zeros(OnnxGraphBuilder& graph, const Shape& shape) {
  return graph.constant(at::zeros(shape, at::kFloat));
}

}  // namespace

OnnxValues import_recurrence(OnnxNode& node, OnnxGraphBuilder& graph) {
  const bool lstm = node.type() == "LSTM";
  const bool batch_first = node.integer("layout", 0) == 1;
  node.ignore("hidden_size");  // the weights say it
  node.ignore("output_sequence");
  node.check(!node.has("activation_alpha") && !node.has("activation_beta"),
             "has parameters of activations, which are not supported");
  const Recurrence op{.cell = node.type(),
                      .direction = node.word("direction", "forward"),
                      .activations = joined_activations(node),
                      .clip = node.number("clip", 0.0F),
                      .linear_before_reset = node.flag("linear_before_reset", false),
                      .input_forget = node.flag("input_forget", false)};
  const auto in_order = [&](const OnnxValue& value, const IntList& axes) {
    return batch_first ? graph.emit(Transpose{.axes = axes}, {value}) : value;
  };
  const OnnxValue x = in_order(node.input(0), {1, 0, 2});
  const Shape w = graph.shape_of(node.input(1));
  const Shape r = graph.shape_of(node.input(2));
  node.check(w.rank() == 3 && r.rank() == 3, "has weights {} and {}", to_string(w), to_string(r));
  const int64_t directions = r[0];
  const int64_t hidden = r[2];
  const auto state = [&](size_t index) {
    return node.has_input(index) ? in_order(node.input(index), {1, 0, 2})
                                 : zeros(graph, {directions, 1, hidden});
  };
  OnnxValues inputs{x, node.input(1), node.input(2),
                    node.has_input(3) ? node.input(3) : zeros(graph, {directions, 2 * r[1]}),
                    state(5)};
  if (lstm) {
    inputs.push_back(state(6));
    inputs.push_back(node.has_input(7) ? node.input(7) : zeros(graph, {directions, 3 * hidden}));
  }
  if (node.has_input(4)) inputs.push_back(node.input(4));
  OnnxValues outputs = graph.emit_all(op, inputs);
  if (batch_first) {
    outputs[0] = in_order(outputs[0], {2, 0, 1, 3});
    for (size_t i = 1; i < outputs.size(); ++i) outputs[i] = in_order(outputs[i], {1, 0, 2});
  }
  return outputs;
}

}  // namespace octet
