#include "octet/plan/compile.h"

#include <ATen/ATen.h>

#include <set>

#include "octet/base/error.h"
#include "octet/graph/interpreter.h"
#include "octet/passes/lower_int8.h"
#include "octet/plan/builder.h"
#include "octet/plan/steps/aten_step.h"
#include "octet/plan/steps/average_pooling_step.h"
#include "octet/plan/steps/concatenate_step.h"
#include "octet/plan/steps/elementwise_step.h"
#include "octet/plan/steps/float_affine_step.h"
#include "octet/plan/steps/float_convolution_step.h"
#include "octet/plan/steps/global_pooling_step.h"
#include "octet/plan/steps/lookup_arithmetic_step.h"
#include "octet/plan/steps/lookup_step.h"
#include "octet/plan/steps/loss_step.h"
#include "octet/plan/steps/max_pooling_step.h"
#include "octet/plan/steps/move_pixels_step.h"
#include "octet/plan/steps/normalization_step.h"
#include "octet/plan/steps/pass_through_step.h"
#include "octet/plan/steps/quantize_step.h"
#include "octet/plan/steps/quantized_affine_step.h"
#include "octet/plan/steps/quantized_arithmetic_step.h"
#include "octet/plan/steps/quantized_convolution_step.h"
#include "octet/plan/steps/rearrange_step.h"
#include "octet/plan/steps/slice_step.h"
#include "octet/plan/steps/weight_quantize_step.h"
#include "octet/plan/unread_steps.h"

namespace octet::plan {

namespace {

// Adds the steps of a function; false if it is not one of theirs.
using StepMaker = bool (*)(Builder&, FunctionId);

// The kernels, in the order in which they are asked. What none of them takes runs by ATen.
constexpr StepMaker kStepMakers[] = {
    add_quantized_convolution,
    add_quantized_affine,
    add_lookup_arithmetic,
    add_quantized_arithmetic,
    add_change_of_scale,
    add_lookup,
    add_quantized_global_pooling,
    add_quantized_average_pooling,
    add_quantized_concatenate,
    add_weight_quantize,
    add_rectified_quantize,
    add_quantize,
    add_dequantize,
    add_dequantize_sums,
    add_max_pooling,
    add_float_convolution,
    add_float_affine,
    add_normalization,
    add_relu,
    add_identity,
    add_recorder,
    add_sum,
    add_global_pooling,
    add_average_pooling,
    add_concatenate,
    add_slice,
    add_move_pixels,
    add_rearrange,
    add_softmax_cross_entropy,
};

// The types of all values that `order` computes, with the extents of these inputs.
std::vector<VariableType> types_for(const Graph& graph, const Values& inputs,
                                    const std::vector<VariableId>& leaves,
                                    const std::vector<FunctionId>& order) {
  std::vector<VariableType> types(graph.num_variable_slots());
  for (const VariableId id : leaves) {
    const Variable& variable = graph.variable(id);
    types[id] = variable.type;
    if (variable.kind != VariableKind::kInput) continue;
    types[id].shape = Shape(checked_input(graph, id, inputs).sizes().vec());
  }
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    std::vector<VariableType> operands;
    for (const VariableId input : function.inputs) operands.push_back(types[input]);
    OutputTypes outputs = infer_types(function.attributes, operands);
    for (size_t i = 0; i < outputs.size(); ++i) types[function.outputs[i]] = std::move(outputs[i]);
  }
  return types;
}

// Why no plan can run this; empty if one can.
std::string obstacle(const Graph& graph, const std::vector<VariableType>& types,
                     const std::vector<FunctionId>& order) {
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    std::vector<VariableId> values = function.inputs;
    values.insert(values.end(), function.outputs.begin(), function.outputs.end());
    for (const VariableId value : values) {
      if (types[value].dtype == DType::kFloat64) {
        return fmt::format("{} is float64", graph.variable(value).name);
      }
      if (types[value].shape.has_free_dim()) {
        return fmt::format("the extents of {} depend on values", graph.variable(value).name);
      }
    }
  }
  return "";
}

// Unless an earlier step does the function's work.
void add_step(Builder& builder, FunctionId id) {
  const std::vector<VariableId>& outputs = builder.graph().function(id).outputs;
  if (builder.is_left_out(id) || (!outputs.empty() && builder.is_made(outputs[0]))) return;
  for (const StepMaker make : kStepMakers) {
    if (make(builder, id)) return;
  }
  add_aten_step(builder, id);
}

bool has_dequantizers(const Graph& graph, const std::vector<FunctionId>& order) {
  return std::any_of(order.begin(), order.end(), [&](FunctionId id) {
    return std::holds_alternative<DequantizeLinear>(graph.function(id).attributes);
  });
}

// The graph as integer functions. `parameters` are a copy that shares its tensors with the user's.
Graph lowered(const Graph& graph, const CompileRequest& request, ParameterStore& parameters) {
  if (!has_dequantizers(graph, graph.topological_order({request.output}))) return graph;
  ConversionMemory memory;
  PassContext context{.outputs = {request.output}, .parameters = &parameters, .memory = &memory};
  context.outputs.insert(context.outputs.end(), request.keep.begin(), request.keep.end());
  context.config.precision_mode = PrecisionMode::MIXED_QNN;
  context.keep_float_biases = true;
  context.training = false;
  return lower_int8(graph, context);
}

// The scales and zero points of the graph with their versions now.
std::map<std::string, int64_t> qparams_of(const Graph& graph, const std::vector<FunctionId>& order,
                                          const ParameterStore& store) {
  std::map<std::string, int64_t> versions;
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    if (!std::holds_alternative<QuantizeLinear>(function.attributes) &&
        !std::holds_alternative<DequantizeLinear>(function.attributes)) {
      continue;
    }
    for (size_t i = 1; i < function.inputs.size(); ++i) {
      const Variable& variable = graph.variable(function.inputs[i]);
      if (variable.kind != VariableKind::kParameter) continue;
      versions[variable.name] = store.at(variable.name).value._version();
    }
  }
  return versions;
}

bool trains(const Variable& variable, const ParameterStore& parameters) {
  return variable.kind == VariableKind::kParameter &&
         parameters.at(variable.name).value.requires_grad();
}

}  // namespace

std::unique_ptr<Plan> compile(const Graph& original, const ParameterStore& store,
                              const Values& inputs, const CompileRequest& request,
                              std::string* reason) {
  ParameterStore parameters = store;
  const Graph graph = lowered(original, request, parameters);
  const std::vector<VariableId> leaves = graph.leaves({request.output});
  const std::vector<FunctionId> order = graph.topological_order({request.output});
  std::vector<VariableType> types = types_for(graph, inputs, leaves, order);
  const std::string why_not = obstacle(graph, types, order);
  if (!why_not.empty()) {
    if (reason != nullptr) *reason = why_not;
    return nullptr;
  }
  std::set<VariableId> kept(request.keep.begin(), request.keep.end());
  kept.insert(request.output);
  Builder builder(graph, std::move(types), request.gradients, request.bfloat16);
  builder.find_only_readers(order, kept);
  Plan::Parts parts{
      .gradients = request.gradients, .bfloat16 = request.bfloat16, .poisoned = request.poisoned};
  std::set<VariableId> computed;
  for (const VariableId id : leaves) {
    const Variable& variable = graph.variable(id);
    parts.leaves.push_back(builder.add_leaf(id, trains(variable, parameters)));
    if (variable.kind == VariableKind::kParameter && store.find(variable.name) == nullptr) {
      parts.derived[variable.name] = parameters.at(variable.name).value.detach();
    }
  }
  for (const FunctionId id : order) {
    add_step(builder, id);
    computed.insert(graph.function(id).outputs.begin(), graph.function(id).outputs.end());
  }
  // Lowering reads their values, for tables, scales of sums and constants of a Pad.
  parts.sources = qparams_of(original, original.topological_order({request.output}), store);
  parts.output = builder.value_of(request.output);
  for (const VariableId id : kept) {
    if (!computed.contains(id)) continue;
    const ValueId plain = builder.made(id).loose ? builder.value_of(id)
                                                 : builder.as_floats(id, kernels::Layout::kPlain);
    parts.kept.emplace_back(id, plain);
  }
  parts.values = builder.take_values();
  parts.steps = builder.take_steps();
  std::vector<ValueId> read{parts.output};
  for (const auto& [variable, value] : parts.kept) read.push_back(value);
  remove_unread_steps(parts.steps, read);
  parts.arena = builder.take_arena();
  return std::make_unique<Plan>(std::move(parts));
}

}  // namespace octet::plan
