// Where a target wants Q/DQ pairs to stand.
#include "octet/base/error.h"
#include "octet/targets/graph_checks.h"

namespace octet {
namespace {

using Findings = std::vector<Finding>;

template <class... Args>
void advise(const CheckedLayer& layer, std::string_view rule, Findings& findings,
            fmt::format_string<Args...> format, Args&&... args) {
  findings.push_back({layer.id, layer.name(), std::string(rule),
                      fmt::format("target {}: {}", layer.in.rules.name,
                                  fmt::format(format, std::forward<Args>(args)...)),
                      false});
}

bool is_fused_activation(const Attributes& attributes) {
  return std::holds_alternative<ReLU>(attributes) || std::holds_alternative<ReLU6>(attributes);
}

bool is_normalization(const Attributes& attributes) {
  return std::holds_alternative<BatchNormalization>(attributes) ||
         std::holds_alternative<FusedBatchNormalization>(attributes);
}

// Whether the pair on the layer's data is there for what is in front: the output of a quantized
// layer (recorder_position BOTH), behind its activation. Then the layer itself may well be float.
bool is_output_of_quantized_layer(const CheckedLayer& layer) {
  FunctionId producer = layer.in.graph.variable(layer.inputs[0]->source).producer;
  while (producer != kNoId && is_fused_activation(layer.in.graph.function(producer).attributes)) {
    const CheckedLayer activation = checked_layer(layer.in, producer);
    if (activation.inputs[0]) return true;
    producer = layer.in.graph.variable(activation.function.inputs[0]).producer;
  }
  return producer != kNoId && runs_on_integers(checked_layer(layer.in, producer));
}

void check_both_operands(const CheckedLayer& layer, Findings& findings) {
  if (!layer.in.rules.both_operands || !layer.weighted) return;
  for (const size_t missing : {0, 1}) {
    if (layer.inputs[missing] || !layer.inputs[1 - missing]) continue;
    if (missing == 1 && is_output_of_quantized_layer(layer)) continue;
    advise(layer, "both-operands", findings,
           "'{}' is quantized, but '{}' is not: the layer runs in float",
           layer.input_name(1 - missing), layer.input_name(missing));
  }
}

// A matrix product has a kernel from integers to float, a convolution has none.
void check_output(const CheckedLayer& layer, Findings& findings) {
  if (!layer.in.rules.quantized_outputs || !is_convolution(layer.function.attributes)) return;
  if (!runs_on_integers(layer)) return;
  const VariableId output = layer.function.outputs[0];
  if (is_quantized_by_readers(layer.in, behind_activations(layer.in, output))) return;
  advise(layer, "output", findings,
         "the output '{}' is not quantized, so no integer kernel forms and the layer runs in float",
         layer.in.graph.variable(output).name);
}

void check_bias(const CheckedLayer& layer, Findings& findings) {
  if (!layer.in.rules.quantized_biases || !layer.weighted || !runs_on_integers(layer)) return;
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    if (!layer.is_bias(i)) continue;
    const DType dtype = layer.inputs[i] ? layer.inputs[i]->format.dtype : DType::kFloat32;
    if (dtype == DType::kInt32) continue;
    advise(layer, "bias", findings,
           "the bias '{}' is {}, so no integer kernel forms; quantize it to int32 (skip_bias = "
           "false)",
           layer.input_name(i), to_string(dtype));
  }
}

// A pair between a layer with weights and the activation or normalization behind it.
void check_fused_activation(const CheckedLayer& layer, Findings& findings) {
  if (!layer.in.rules.fused_activations) return;
  if (!is_fused_activation(layer.function.attributes) &&
      !is_normalization(layer.function.attributes)) {
    return;
  }
  if (!layer.inputs[0]) return;
  const FunctionId before = layer.in.graph.variable(layer.inputs[0]->source).producer;
  if (before == kNoId || !weighted_layer(layer.in.graph, before)) return;
  advise(layer, "fusion", findings,
         "a Q/DQ pair stands between '{}' and this {}, so that the two do not become one kernel",
         layer.in.graph.display_name(before), type_name(layer.function.attributes));
}

// The convolution whose accumulator can take the addition in: it alone makes the operand, and the
// operand has no other reader. kNoId if there is none.
FunctionId fusing_convolution(const CheckedLayer& layer, size_t index) {
  const VariableId value =
      layer.inputs[index] ? layer.inputs[index]->source : layer.function.inputs[index];
  const FunctionId producer = layer.in.graph.variable(value).producer;
  if (producer == kNoId || !is_convolution(layer.in.graph.function(producer).attributes)) {
    return kNoId;
  }
  if (layer.in.uses.of(value).size() != 1) return kNoId;
  return runs_on_integers(checked_layer(layer.in, producer)) ? producer : kNoId;
}

// NVIDIA's rule: the branch that ends in a convolution stays as it is, the other one is quantized.
void check_residual(const CheckedLayer& layer, Findings& findings) {
  const Attributes& attributes = layer.function.attributes;
  if (!layer.in.rules.fused_residuals || !std::holds_alternative<Add2>(attributes)) return;
  const FunctionId left = fusing_convolution(layer, 0);
  const FunctionId right = fusing_convolution(layer, 1);
  if (left == kNoId && right == kNoId) return;
  const auto convolution_name = [&] {
    return layer.in.graph.display_name(left != kNoId ? left : right);
  };
  if (layer.inputs[0] && layer.inputs[1]) {
    advise(layer, "residual", findings,
           "both operands are quantized; leave that of convolution '{}' float, so that it takes "
           "the addition in",
           convolution_name());
    return;
  }
  const bool fused = (left != kNoId && layer.inputs[1]) || (right != kNoId && layer.inputs[0]);
  if (fused) return;
  advise(layer, "residual", findings,
         "the operand beside convolution '{}' is not quantized, so the addition runs in float",
         convolution_name());
}

}  // namespace

VariableId behind_activations(const CheckedGraph& in, VariableId value) {
  while (in.uses.of(value).size() == 1) {
    const Function& reader = in.graph.function(in.uses.of(value)[0].function);
    if (!is_fused_activation(reader.attributes)) break;
    value = reader.outputs[0];
  }
  return value;
}

bool is_quantized_by_readers(const CheckedGraph& in, VariableId value) {
  const std::vector<Use>& readers = in.uses.of(value);
  return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](const Use& use) {
    return std::holds_alternative<QuantizeLinear>(in.graph.function(use.function).attributes);
  });
}

bool runs_on_integers(const CheckedLayer& layer) {
  if (layer.weighted) return layer.inputs[0].has_value() && layer.inputs[1].has_value();
  bool any = false;
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    if (!is_quantizable_input(layer.in.graph, layer.id, i)) continue;
    if (!layer.inputs[i]) return false;
    any = true;
  }
  return any;
}

std::span<const LayerCheck> placement_checks() {
  static constexpr LayerCheck kChecks[] = {check_both_operands, check_output, check_bias,
                                           check_fused_activation, check_residual};
  return kChecks;
}

}  // namespace octet
