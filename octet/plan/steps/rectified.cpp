#include "octet/plan/steps/rectified.h"

#include <type_traits>

#include "octet/ops/integer_output.h"
#include "octet/passes/integer_functions.h"

namespace octet::plan {
namespace {

bool has_activation(const Attributes& attributes) {
  return std::visit(
      [](const auto& op) {
        if constexpr (std::is_base_of_v<IntegerOutput, std::decay_t<decltype(op)>>) {
          return op.activation != "NONE";
        } else {
          return false;
        }
      },
      attributes);
}

bool gives_zero_point(const Function& function, VariableId zero_point) {
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    if (input_spec(function.attributes, i).name != kOutputZeroPoint.name) continue;
    return function.inputs[i] == zero_point;
  }
  return false;
}

// A function whose outputs are some of its input's values and nothing else, such as a padding.
bool only_moves(const Attributes& attributes) {
  // The padding of a MaxPooling is below its kernel, so each window has a value of the input.
  if (const auto* pool = std::get_if<MaxPooling>(&attributes)) return !pool->with_index;
  return std::holds_alternative<Reshape>(attributes) ||
         std::holds_alternative<Transpose>(attributes) ||
         std::holds_alternative<Identity>(attributes);
}

bool is_behind_activation(const Graph& graph, VariableId real) {
  const FunctionId producer = graph.variable(real).producer;
  return producer != kNoId && !fusable_activation(graph.function(producer).attributes).empty();
}

}  // namespace

bool is_rectified(const Graph& graph, VariableId integers, VariableId zero_point) {
  for (FunctionId producer = graph.variable(integers).producer; producer != kNoId;
       producer = graph.variable(integers).producer) {
    const Function& function = graph.function(producer);
    if (std::holds_alternative<QuantizeLinear>(function.attributes)) {
      return function.inputs[2] == zero_point && is_behind_activation(graph, function.inputs[0]);
    }
    if (has_activation(function.attributes)) return gives_zero_point(function, zero_point);
    if (!only_moves(function.attributes)) return false;
    integers = function.inputs[0];
  }
  return false;
}

}  // namespace octet::plan
