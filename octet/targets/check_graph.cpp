#include "octet/targets/check_graph.h"

#include "octet/base/error.h"
#include "octet/passes/constant_values.h"
#include "octet/passes/integer_functions.h"
#include "octet/targets/graph_checks.h"

namespace octet {
namespace {

// Of the network as a whole: one line instead of one for each layer.
void check_activation_type(const CheckedGraph& in, std::vector<Finding>& findings) {
  if (!in.rules.uint8_is_faster) return;
  const ConstantValues constants(in.graph, in.order);
  int64_t signed_values = 0;
  for (const FunctionId id : in.order) {
    const Function& function = in.graph.function(id);
    const auto* quantize = std::get_if<QuantizeLinear>(&function.attributes);
    if (quantize == nullptr || constants.contains(function.inputs[0])) continue;
    if (format_of(*quantize).dtype == DType::kInt8) ++signed_values;
  }
  if (signed_values == 0) return;
  findings.push_back({kNoId, "", "activation-type",
                      fmt::format("{} activations are int8: on x86-64 {} computes them several "
                                  "times slower than uint8",
                                  signed_values, in.rules.name),
                      false});
}

// Parts of a training network, and scales that are still being trained.
void check_converted(const CheckedGraph& in, std::vector<Finding>& findings) {
  if (in.rules.computed_scales) return;
  for (const FunctionId id : in.order) {
    const Attributes& attributes = in.graph.function(id).attributes;
    if (!std::holds_alternative<Recorder>(attributes) &&
        !std::holds_alternative<LearnedScale>(attributes)) {
      continue;
    }
    findings.push_back({id, in.graph.display_name(id), "converted",
                        fmt::format("{} is a function of training, which {} does not know; save "
                                    "the network with QATScheduler::save",
                                    type_name(attributes), in.rules.name),
                        true});
  }
}

// Of the network as a whole, too: a target knows integer functions or does not.
void check_integer_functions(const CheckedGraph& in, std::vector<Finding>& findings) {
  if (in.rules.integer_functions) return;
  std::vector<FunctionId> functions;
  for (const FunctionId id : in.order) {
    if (is_integer_function(in.graph.function(id).attributes)) functions.push_back(id);
  }
  if (functions.empty()) return;
  findings.push_back(
      {kNoId, "", "integer-function",
       fmt::format("{} functions compute on integers, the first is {} ({}); {} takes "
                   "Q/DQ pairs only: train with precision_mode SIM_QNN",
                   functions.size(), in.graph.display_name(functions[0]),
                   type_name(in.graph.function(functions[0]).attributes), in.rules.name),
       true});
}

}  // namespace

CheckedGraph::CheckedGraph(const Graph& checked, const ParameterStore& store, Target target)
    : graph(checked),
      parameters(store),
      rules(rules_of(target)),
      order(checked.topological_order(checked.outputs())),
      uses(checked, order) {}

CheckedLayer checked_layer(const CheckedGraph& in, FunctionId id) {
  const Function& function = in.graph.function(id);
  CheckedLayer layer{in, id, function, weighted_layer(in.graph, id), {}};
  for (const VariableId input : function.inputs) {
    layer.inputs.push_back(quantized_value(in.graph, input));
  }
  return layer;
}

std::vector<Finding> check_graph(const Graph& graph, const ParameterStore& parameters,
                                 Target target) {
  const CheckedGraph in(graph, parameters, target);
  std::vector<Finding> findings;
  check_activation_type(in, findings);
  check_converted(in, findings);
  check_integer_functions(in, findings);
  check_nnabla_functions(in, findings);
  for (const FunctionId id : in.order) {
    if (carries_quantization(graph.function(id).attributes)) continue;
    const CheckedLayer layer = checked_layer(in, id);
    for (const LayerCheck check : number_checks()) check(layer, findings);
    for (const LayerCheck check : placement_checks()) check(layer, findings);
  }
  return findings;
}

void require_target(const Graph& graph, const ParameterStore& parameters, Target target) {
  for (const Finding& finding : check_graph(graph, parameters, target)) {
    OCTET_CHECK(!finding.refused, finding.layer.empty() ? graph.name() : finding.layer, "{}",
                finding.message);
  }
}

}  // namespace octet
