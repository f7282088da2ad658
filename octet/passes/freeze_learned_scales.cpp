#include "octet/passes/freeze_learned_scales.h"

#include <ATen/ATen.h>

#include "octet/graph/interpreter.h"

namespace octet {
namespace {

std::string frozen_name(const Graph& graph, VariableId scale) {
  const Function& producer = graph.function(graph.variable(scale).producer);
  std::string name = graph.variable(scale).name;
  if (std::holds_alternative<LearnedScale>(producer.attributes)) {
    name = graph.variable(producer.inputs[0]).name;
    const size_t prefix = name.rfind("log2-");
    if (prefix != std::string::npos) name.erase(prefix, 5);
  } else {
    name += "-frozen";
  }
  return name;
}

}  // namespace

Graph freeze_learned_scales(Graph graph, PassContext& ctx) {
  std::map<VariableId, VariableId> frozen;
  RandomState random;
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    const Function& function = graph.function(id);
    const bool quantizes = std::holds_alternative<QuantizeLinear>(function.attributes) ||
                           std::holds_alternative<DequantizeLinear>(function.attributes);
    if (!quantizes) continue;
    const VariableId scale = function.inputs[1];
    if (graph.variable(scale).producer == kNoId) continue;
    const auto [entry, inserted] = frozen.try_emplace(scale, kNoId);
    if (inserted) {
      const std::string name = frozen_name(graph, scale);
      Values values = run(graph, *ctx.parameters, {}, {scale}, random,
                          {.gradients = false, .keep = {}, .observer = {}});
      const at::Tensor value = values.at(scale).detach();
      ctx.parameters->set(name, value, /*need_grad=*/false);
      entry->second = graph.add_parameter(name, {DType::kFloat32, Shape(value.sizes().vec()), {}});
    }
    graph.set_input(id, 1, entry->second);
  }
  return graph;
}

}  // namespace octet
