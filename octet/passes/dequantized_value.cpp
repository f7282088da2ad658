#include "octet/passes/dequantized_value.h"

#include <ATen/ATen.h>

#include "octet/passes/integer_functions.h"
#include "octet/passes/layer_traits.h"
#include "octet/quant/fake_quantize.h"

namespace octet {
namespace {

bool is_quantizer(const Graph& graph, FunctionId id) {
  return id != kNoId && std::holds_alternative<QuantizeLinear>(graph.function(id).attributes);
}

// For each function, whether a quantized value that is no parameter lies upstream.
std::vector<bool> quantized_upstream(const Graph& graph, const std::vector<FunctionId>& order) {
  std::vector<bool> upstream(graph.num_function_slots(), false);
  for (const FunctionId id : order) {
    for (const VariableId input : graph.function(id).inputs) {
      const FunctionId producer = graph.variable(input).producer;
      if (producer != kNoId && upstream[producer]) upstream[id] = true;
    }
    if (is_quantizer(graph, id) && !is_parameter(graph, graph.function(id).inputs[0])) {
      upstream[id] = true;
    }
  }
  return upstream;
}

class QuantizerHoister {
 public:
  QuantizerHoister(Graph& graph, const PassContext& ctx)
      : graph_(graph),
        ctx_(ctx),
        order_(graph.topological_order(ctx.outputs)),
        upstream_(quantized_upstream(graph, order_)),
        uses_(graph),
        held_(ctx.outputs.begin(), ctx.outputs.end()) {
    held_.insert(graph.outputs().begin(), graph.outputs().end());
  }

  void hoist() {
    for (const FunctionId id : order_) {
      if (!is_quantizer(graph_, id)) continue;
      FunctionId quantizer = id;
      while (quantizer != kNoId) quantizer = step(quantizer);
    }
  }

 private:
  // Moves the quantizer over one function; its new place, or kNoId where it stays.
  FunctionId step(FunctionId quantizer) {
    const Function q = graph_.function(quantizer);
    const VariableId value = q.inputs[0];
    const FunctionId id = graph_.variable(value).producer;
    if (id == kNoId || !upstream_[id] || held_.contains(value) || uses_.of(value).size() != 1) {
      return kNoId;
    }
    const Function mover = graph_.function(id);
    if (!moves_values(mover.attributes) || mover.inputs.size() != 1 || mover.outputs.size() != 1) {
      return kNoId;
    }
    const VariableId x = mover.inputs[0];
    const Integers integers{q.outputs[0], q.inputs[1], q.inputs[2]};
    if (integers_of(graph_, x) || !has_one_scale(graph_, integers)) return kNoId;
    const auto attributes = on_integers(graph_, id, integers, /*exactly=*/false, ctx_);
    if (!attributes) return kNoId;
    graph_.erase_function(quantizer);
    graph_.erase_function(id);
    const FunctionId moved = graph_.add_function(q.attributes, {x, q.inputs[1], q.inputs[2]}, "",
                                                 {graph_.variable(x).name + "_quantized"});
    graph_.add_function_for(*attributes, {graph_.output_of(moved)}, q.outputs, mover.name);
    // For whoever holds the value in between.
    graph_.add_function_for(DequantizeLinear{}, {q.outputs[0], q.inputs[1], q.inputs[2]}, {value});
    return moved;
  }

  Graph& graph_;
  const PassContext& ctx_;
  std::vector<FunctionId> order_;
  std::vector<bool> upstream_;
  Uses uses_;
  std::set<VariableId> held_;
};

}  // namespace

std::optional<Integers> integers_of(const Graph& graph, VariableId value) {
  const FunctionId producer = graph.variable(value).producer;
  if (producer == kNoId) return std::nullopt;
  const Function& function = graph.function(producer);
  if (!std::holds_alternative<DequantizeLinear>(function.attributes)) return std::nullopt;
  const Integers integers{function.inputs[0], function.inputs[1], function.inputs[2]};
  if (!is_parameter(graph, integers.scale) || !is_parameter(graph, integers.zero_point)) {
    return std::nullopt;
  }
  return integers;
}

std::optional<Integers> small_integers_of(const Graph& graph, VariableId value) {
  const std::optional<Integers> integers = integers_of(graph, value);
  if (!integers || !has_one_scale(graph, *integers)) return std::nullopt;
  const DType dtype = graph.variable(integers->q).type.dtype;
  if (dtype != DType::kInt8 && dtype != DType::kUInt8) return std::nullopt;
  return integers;
}

bool has_one_scale(const Graph& graph, const Integers& integers) {
  return graph.variable(integers.scale).type.shape.num_elements() == 1 &&
         graph.variable(integers.zero_point).type.shape.num_elements() == 1;
}

QuantFormat format_of_value(const Graph& graph, VariableId q) {
  return full_format(graph.variable(q).type.dtype);
}

const at::Tensor& value_of(const Graph& graph, VariableId parameter, const PassContext& ctx) {
  return ctx.parameters->at(graph.variable(parameter).name).value;
}

std::optional<Attributes> on_integers(const Graph& graph, FunctionId function,
                                      const Integers& integers, bool exactly,
                                      const PassContext& ctx) {
  Attributes attributes = graph.function(function).attributes;
  auto* pad = std::get_if<Pad>(&attributes);
  if (pad == nullptr || pad->mode != "constant") return attributes;
  if (!is_parameter(graph, integers.scale) || !is_parameter(graph, integers.zero_point)) {
    return std::nullopt;
  }
  const at::NoGradGuard no_grad;
  const at::Tensor constant = at::full({}, pad->constant_value, at::kFloat);
  const at::Tensor scale = value_of(graph, integers.scale, ctx).to(at::kCPU).reshape({});
  const at::Tensor zero_point = value_of(graph, integers.zero_point, ctx).to(at::kCPU).reshape({});
  const FunctionId producer = graph.variable(integers.q).producer;
  QuantFormat format = format_of_value(graph, integers.q);
  RoundMode round_mode = RoundMode::HALF_TO_EVEN;
  if (is_quantizer(graph, producer)) {
    const auto& quantizer = std::get<QuantizeLinear>(graph.function(producer).attributes);
    format = format_of(quantizer);
    round_mode = parse_round_mode(quantizer.round_mode);
  }
  const at::Tensor q =
      quantize_linear(constant, scale, zero_point, format, round_mode, Ste::CLIPPED);
  if (exactly && !at::equal(dequantize_linear(q, scale, zero_point), constant)) return std::nullopt;
  pad->constant_value = q.item<float>();
  return attributes;
}

void hoist_quantizers(Graph& graph, const PassContext& ctx) {
  QuantizerHoister(graph, ctx).hoist();
}

bool sink_dequantizer(Graph& graph, FunctionId id, const PassContext& ctx) {
  const Function function = graph.function(id);
  if (!moves_values(function.attributes) || function.inputs.size() != 1) return false;
  const std::optional<Integers> integers = integers_of(graph, function.inputs[0]);
  if (!integers || !has_one_scale(graph, *integers)) return false;
  const auto attributes = on_integers(graph, id, *integers, /*exactly=*/true, ctx);
  if (!attributes) return false;
  std::vector<std::string> names;
  for (const VariableId output : function.outputs) {
    names.push_back(graph.variable(output).name + "_quantized");
  }
  graph.erase_function(id);
  const FunctionId moved = graph.add_function(*attributes, {integers->q}, function.name, names);
  for (size_t i = 0; i < function.outputs.size(); ++i) {
    graph.add_function_for(DequantizeLinear{},
                           {graph.output_of(moved, i), integers->scale, integers->zero_point},
                           {function.outputs[i]});
  }
  return true;
}

}  // namespace octet
