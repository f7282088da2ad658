#include "octet/plan/steps/fused_sum.h"

#include "octet/ops/quantized_layers.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/quantized_binary.h"

namespace octet::plan {

namespace {

// Whether the value is there, as bytes in the shape and the layout of another one.
bool lies_like(const Builder& builder, VariableId value, VariableId other, kernels::Layout layout) {
  if (!builder.is_made(value) || !builder.has_integers(value)) return false;
  const Value& made = builder.made(value);
  return !made.loose && made.layout == layout && made.shape == builder.type(other).shape;
}

}  // namespace

std::optional<FusedSum> fusable_sum(const Builder& builder, const Function& layer,
                                    const IntegerOutput& output, kernels::Layout y) {
  const VariableId own = layer.outputs[0];
  const FunctionId reader = builder.only_reader(own);
  if (reader == kNoId || builder.gradients() || !byte_type_of(output)) return std::nullopt;
  const Function& function = builder.graph().function(reader);
  const auto* add = std::get_if<QuantizedAdd2>(&function.attributes);
  if (add == nullptr || !byte_type_of(*add) || add->round_mode != output.round_mode) {
    return std::nullopt;
  }
  const bool is_first = function.inputs[kBinaryA] == own;
  const size_t mine = is_first ? kBinaryA : kBinaryB, other = is_first ? kBinaryB : kBinaryA;
  if (function.inputs[mine + 1] != layer.inputs[layer_input::kYScale] ||
      function.inputs[mine + 2] != layer.inputs[layer_input::kYZeroPoint] ||
      !lies_like(builder, function.inputs[other], own, y)) {
    return std::nullopt;
  }
  FusedSum sum{.y = function.outputs[0], .output = add};
  for (const size_t i : {other, other + 1, other + 2, kBinaryYScale, kBinaryYZeroPoint}) {
    if (i != other && !is_scalar_leaf(builder, function.inputs[i])) return std::nullopt;
    sum.inputs.push_back(builder.value_of(function.inputs[i]));
  }
  return sum;
}

}  // namespace octet::plan
