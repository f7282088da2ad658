#include "octet/formats/onnx/recover_integers.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "octet/formats/onnx/integer_bounds.h"
#include "octet/formats/onnx/recovered_graph.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// ---- bounds ----------------------------------------------------------------------------------

bool is_clamp(const Attributes& attributes) {
  return std::holds_alternative<Maximum2>(attributes) ||
         std::holds_alternative<Minimum2>(attributes);
}

// A bound of a value by one number.
struct Clamp {
  FunctionId function = kNoId;
  VariableId value = kNoId;
  float bound = 0;
};

std::optional<Clamp> clamp_of(const RecoveredGraph& graph, FunctionId id) {
  if (id == kNoId || !is_clamp(graph.graph.function(id).attributes)) return std::nullopt;
  const std::vector<VariableId>& inputs = graph.graph.function(id).inputs;
  for (const size_t index : {size_t{0}, size_t{1}}) {
    const auto bound = graph.patterns.number(inputs[1 - index]);
    const VariableId output = graph.graph.output_of(id);
    if (bound && graph.patterns.same_shape(inputs[index], output)) {
      return Clamp{id, inputs[index], *bound};
    }
  }
  return std::nullopt;
}

// What an integer function or a QuantizeLinear gives, with its scale and zero point.
struct Quantized {
  IntegerOutput output;
  float scale = 1;
  float zero_point = 0;
};

std::optional<Quantized> quantized_by(const RecoveredGraph& graph, const Function& function) {
  Quantized quantized;
  size_t scale = 0;
  if (const auto* quantizer = std::get_if<QuantizeLinear>(&function.attributes)) {
    set_output(quantized.output, *quantizer, "NONE");
    return quantized;
  }
  bool found = false;
  std::visit(
      [&]<class Op>(const Op& op) {
        if constexpr (std::is_base_of_v<IntegerOutput, Op>) {
          quantized.output = op;
          found = true;
        }
      },
      function.attributes);
  if (!found) return std::nullopt;
  while (input_spec(function.attributes, scale).name != kOutputScale.name) ++scale;
  const auto step = graph.patterns.number(function.inputs[scale]);
  const auto zero_point = graph.patterns.number(function.inputs[scale + 1]);
  if (!step || !zero_point) return std::nullopt;
  quantized.scale = *step;
  quantized.zero_point = *zero_point;
  return quantized;
}

// The same function with other bounds; nothing where it has no place for them.
std::optional<Attributes> bounded(const Attributes& attributes, const IntegerOutput& output) {
  if (std::holds_alternative<QuantizeLinear>(attributes)) {
    if (output.activation != "NONE") return std::nullopt;
    return quantizer_of(output);
  }
  return std::visit(
      [&]<class Op>(const Op& op) -> std::optional<Attributes> {
        if constexpr (std::is_base_of_v<IntegerOutput, Op>) {
          Op with = op;
          set_output(with, quantizer_of(output), output.activation);
          return with;
        }
        return std::nullopt;
      },
      attributes);
}

// The clamps from the first one behind `base` on go into it. False where nothing has such bounds.
bool take_clamps_in(RecoveredGraph& graph, FunctionId base, const std::vector<Clamp>& clamps) {
  const Function function = graph.graph.function(base);
  const auto quantized = quantized_by(graph, function);
  const DType dtype = graph.graph.variable(function.outputs[0]).type.dtype;
  const bool small = dtype == DType::kInt8 || dtype == DType::kUInt8;
  if (!quantized || !small || quantized->output.round_mode != "HALF_TO_EVEN") return false;
  IntegerBounds bounds = integer_bounds(quantized->output, quantized->scale, quantized->zero_point);
  for (const Clamp& clamp : clamps) {
    const bool raises =
        std::holds_alternative<Maximum2>(graph.graph.function(clamp.function).attributes);
    const auto bound = [&](float end) {
      return raises ? std::max(end, clamp.bound) : std::min(end, clamp.bound);
    };
    bounds = {bound(bounds.lowest), bound(bounds.highest)};
  }
  const auto output = output_within(bounds, dtype, quantized->scale, quantized->zero_point);
  const auto attributes = output ? bounded(function.attributes, *output) : std::nullopt;
  if (!attributes) return false;
  graph.graph.erase_function(base);
  graph.replace(clamps.back().function, *attributes, function.inputs);
  return true;
}

// ---- tables ----------------------------------------------------------------------------------

// x less its lowest integer, as an index into a table; kNoId for anything else.
VariableId index_of(const RecoveredGraph& graph, VariableId index, int64_t lowest) {
  std::optional<float> less = 0.0F;
  if (const FunctionId id = graph.patterns.made_by<Sub2>(index); id != kNoId) {
    less = graph.patterns.number(graph.graph.function(id).inputs[1]);
    index = graph.graph.function(id).inputs[0];
  }
  return less == static_cast<float>(lowest) ? graph.patterns.cast_of(index, DType::kInt64) : kNoId;
}

}  // namespace

VariableId RecoveredGraph::restored(VariableId parameter, const at::Tensor& value) {
  const std::string name = graph.variable(parameter).name;
  if (only_reader(parameter) == kNoId) return scales.add_parameter(name, value);
  parameters.set(name, value.contiguous(), /*need_grad=*/false);
  graph.mutable_variable(parameter).type = {
      dtype_of(value.scalar_type()), Shape(value.sizes().vec()), {}};
  return parameter;
}

void recover_bounds(RecoveredGraph& graph, FunctionId id) {
  std::vector<Clamp> clamps;
  VariableId value = graph.graph.output_of(id);
  // The last clamp of several looks at all of them.
  if (clamp_of(graph, graph.only_reader(value))) return;
  for (auto clamp = clamp_of(graph, id); clamp; clamp = clamp_of(graph, id)) {
    clamps.insert(clamps.begin(), *clamp);
    value = clamp->value;
    id = graph.graph.variable(value).producer;
    const bool alone = graph.only_reader(value) == clamp->function;
    if (!alone) return;
  }
  for (; id != kNoId && !clamps.empty(); clamps.pop_back()) {
    if (take_clamps_in(graph, id, clamps)) return;
  }
}

void recover_lookup(RecoveredGraph& graph, FunctionId id) {
  const Function gather = graph.graph.function(id);
  const auto& op = std::get<Gather>(gather.attributes);
  const at::Tensor table = graph.patterns.constant(gather.inputs[0]);
  if (op.axis != 0 || op.batch_dims != 0 || !table.defined() || table.dim() != 1) return;
  const bool small = table.scalar_type() == at::kChar || table.scalar_type() == at::kByte;
  if (table.numel() != kLookupEntries || !small) return;
  for (const DType type : {DType::kInt8, DType::kUInt8}) {
    QuantizedLookup lookup;
    lookup.lowest = full_format(type).qmin();
    lookup.dtype = table.scalar_type() == at::kChar ? 1 : 2;
    const VariableId x = index_of(graph, gather.inputs[1], lookup.lowest);
    if (x == kNoId || graph.graph.variable(x).type.dtype != type) continue;
    if (!graph.patterns.same_shape(x, gather.outputs[0])) return;
    return graph.replace(id, lookup, {x, gather.inputs[0]});
  }
}

void recover_integers(Graph& graph, ParameterStore& parameters, const ScaleNotes& notes) {
  const at::AutoGradMode no_gradients(false);
  RecoveredGraph recovered(graph, parameters, notes);
  for (const FunctionId id : recovered.order) {
    if (graph.function(id).erased) continue;
    const Attributes& attributes = graph.function(id).attributes;
    if (std::holds_alternative<Cast>(attributes)) {
      recover_sums(recovered, id);
    } else if (std::holds_alternative<QuantizeLinear>(attributes)) {
      recover_arithmetic(recovered, id);
      if (!graph.function(id).erased) recover_pooling(recovered, id);
    } else if (std::holds_alternative<Gather>(attributes)) {
      recover_lookup(recovered, id);
    } else if (is_clamp(attributes)) {
      recover_bounds(recovered, id);
    }
  }
}

}  // namespace octet
