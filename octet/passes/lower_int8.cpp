#include "octet/passes/lower_int8.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/integer_functions.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/lookup_table.h"
#include "octet/passes/lower_layer.h"
#include "octet/quant/fake_quantize.h"

namespace octet {
namespace {

// A QuantizeLinear that takes a function's output, perhaps behind an activation.
struct Target {
  FunctionId quantizer;
  std::string activation = "NONE";
};

class Int8Lowering {
 public:
  Int8Lowering(Graph& graph, PassContext& ctx)
      : graph_(graph),
        ctx_(ctx),
        order_(graph.topological_order(ctx.outputs)),
        uses_(graph),
        held_(ctx.outputs.begin(), ctx.outputs.end()) {
    held_.insert(graph.outputs().begin(), graph.outputs().end());
  }

  void lower() {
    for (const FunctionId id : order_) {
      if (!graph_.function(id).erased) lower(id);
    }
  }

 private:
  void lower(FunctionId id) {
    const Attributes& attributes = graph_.function(id).attributes;
    if (is_integer_function(attributes) || std::holds_alternative<DequantizeLinear>(attributes)) {
      return;
    }
    if (std::holds_alternative<QuantizeLinear>(attributes)) return lower_quantizer(id);
    if (weighted_layer(graph_, id)) return lower_layer(id);
    if (sink_dequantizer(graph_, id, ctx_) || graph_.function(id).outputs.size() != 1) return;
    for (const Target& target : targets(graph_.output_of(id))) lower_function(id, target);
  }

  // ---- what is behind a function -------------------------------------------------------------

  bool is_target(const Use& use) const {
    const Function& function = graph_.function(use.function);
    return use.input_index == 0 && !function.erased &&
           std::holds_alternative<QuantizeLinear>(function.attributes) &&
           is_parameter(graph_, function.inputs[1]) && is_parameter(graph_, function.inputs[2]) &&
           has_one_scale(graph_, {function.outputs[0], function.inputs[1], function.inputs[2]});
  }

  std::vector<Target> targets(VariableId value) const {
    std::vector<Target> found;
    for (const Use& use : uses_.of(value)) {
      const Function& function = graph_.function(use.function);
      if (is_target(use)) {
        found.push_back({use.function});
        continue;
      }
      const std::string_view activation = fusable_activation(function.attributes);
      if (activation.empty() || held_.contains(function.outputs[0])) continue;
      const std::vector<Use>& behind = uses_.of(function.outputs[0]);
      if (behind.size() == 1 && is_target(behind[0])) {
        found.push_back({behind[0].function, std::string(activation)});
      }
    }
    return found;
  }

  // ---- one function --------------------------------------------------------------------------

  // The integer function gives what the quantizer gave.
  void emit(FunctionId id, const Target& target, const Attributes& attributes,
            const std::vector<VariableId>& inputs) {
    const std::vector<VariableId> outputs = graph_.function(target.quantizer).outputs;
    const std::string name = graph_.function(id).name;
    graph_.erase_function(target.quantizer);
    graph_.add_function_for(attributes, inputs, outputs, name);
  }

  template <class Quantized>
  Quantized with_output(Quantized op, const Target& target) const {
    const Attributes& quantizer = graph_.function(target.quantizer).attributes;
    set_output(op, std::get<QuantizeLinear>(quantizer), target.activation);
    return op;
  }

  void lower_quantizer(FunctionId id) {
    const Function quantizer = graph_.function(id);
    const auto integers = integers_of(graph_, quantizer.inputs[0]);
    if (!integers || !is_target({id, 0})) return;
    if (is_same(quantizer, *integers)) {
      for (const Use& use : uses_.of(quantizer.outputs[0])) {
        graph_.set_input(use.function, use.input_index, integers->q);
      }
      graph_.erase_function(id);
      return;
    }
    emit(id, {id}, with_output(Requantize{}, {id}),
         {integers->q, integers->scale, integers->zero_point, quantizer.inputs[1],
          quantizer.inputs[2]});
  }

  // Whether quantizing the dequantized value gives its own integers again.
  bool is_same(const Function& quantizer, const Integers& integers) const {
    const QuantFormat format = format_of(std::get<QuantizeLinear>(quantizer.attributes));
    return integers.scale == quantizer.inputs[1] && integers.zero_point == quantizer.inputs[2] &&
           format == format_of_value(graph_, integers.q) && !held_.contains(quantizer.outputs[0]);
  }

  void lower_layer(FunctionId id) {
    auto integers = layer_integers(graph_, id, ctx_);
    if (!integers) return;
    if (ctx_.training) warn_of_overflow(graph_, id, *integers, ctx_);
    const Function layer = graph_.function(id);
    const VariableId output = layer.outputs[0];
    const std::vector<Target> found = targets(output);
    if (found.size() == 1 && uses_.of(output).size() == 1 && !held_.contains(output)) {
      const Function quantizer = graph_.function(found[0].quantizer);
      if (integers->float_bias != kNoId) integers->bias = bias_in_steps(graph_, id, *integers);
      return emit(id, found[0],
                  integer_layer(layer.attributes, std::get<QuantizeLinear>(quantizer.attributes),
                                found[0].activation),
                  integer_layer_inputs(*integers, quantizer.inputs[1], quantizer.inputs[2]));
    }
    const int64_t channel_axis = weighted_layer(graph_, id)->channel_axis;
    const Integers acc = accumulator_qparams(graph_, id, *integers, ctx_);
    const QuantizeLinear int32 =
        quantize_linear_for(full_format(DType::kInt32), ctx_.config.round_mode, ctx_.config.ste);
    graph_.erase_function(id);
    const FunctionId lowered =
        graph_.add_function(integer_layer(layer.attributes, int32, "NONE"),
                            integer_layer_inputs(*integers, acc.scale, acc.zero_point), layer.name,
                            {graph_.variable(output).name + "_accumulator"});
    const std::vector<VariableId> sums{graph_.output_of(lowered), acc.scale, acc.zero_point};
    if (integers->float_bias == kNoId) {
      graph_.add_function_for(DequantizeLinear{}, sums, {output});
    } else {
      add_float_bias(graph_.output_of(graph_.add_function(DequantizeLinear{}, sums)),
                     integers->float_bias, channel_axis, output);
    }
  }

  // output = value + bias, the bias along the axis of the channels.
  void add_float_bias(VariableId value, VariableId bias, int64_t axis, VariableId output) {
    Shape shape(graph_.variable(value).type.shape.size(), 1);
    const Shape& extents = graph_.variable(bias).type.shape;
    std::copy(extents.begin(), extents.end(), shape.begin() + axis);
    const FunctionId aligned = graph_.add_function(Reshape{.shape = shape}, {bias});
    graph_.add_function_for(Add2{}, {value, graph_.output_of(aligned)}, {output});
  }

  void lower_function(FunctionId id, const Target& target) {
    const Function function = graph_.function(id);
    const Attributes& attributes = function.attributes;
    std::vector<Integers> operands;
    for (const VariableId input : function.inputs) {
      const auto integers = integers_of(graph_, input);
      if (!integers) return;
      operands.push_back(*integers);
    }
    if (operands.empty()) return;
    const std::string_view activation = fusable_activation(attributes);
    if (!activation.empty() && target.activation == "NONE") {
      const Target rectified{target.quantizer, std::string(activation)};
      return emit(id, target, with_output(Requantize{}, rectified), inputs_of(operands, target));
    }
    const bool adds_two = std::holds_alternative<AddN>(attributes) && operands.size() == 2;
    if (std::holds_alternative<Add2>(attributes) || std::holds_alternative<BcAdd2>(attributes) ||
        adds_two) {
      return emit(id, target, with_output(QuantizedAdd2{}, target), inputs_of(operands, target));
    }
    if (std::holds_alternative<Sub2>(attributes)) {
      return emit(id, target, with_output(QuantizedSub2{}, target), inputs_of(operands, target));
    }
    if (std::holds_alternative<Mul2>(attributes)) {
      return emit(id, target, with_output(QuantizedMul2{}, target), inputs_of(operands, target));
    }
    if (const auto* concatenate = std::get_if<Concatenate>(&attributes)) {
      return emit_concatenation(id, target, concatenate->axis, operands);
    }
    if (std::holds_alternative<Stack>(attributes)) return lower_stack(id, target, operands);
    for (const VariableId input : function.inputs) {
      if (!small_integers_of(graph_, input)) return;
    }
    lower_small(id, target, operands);
  }

  void emit_concatenation(FunctionId id, const Target& target, int64_t axis,
                          const std::vector<Integers>& operands) {
    QuantizedConcatenate op = with_output(QuantizedConcatenate{}, target);
    op.axis = axis;
    std::vector<VariableId> inputs = inputs_of(operands, target);
    std::rotate(inputs.begin(), inputs.end() - 2, inputs.end());
    emit(id, target, op, inputs);
  }

  // The integers get the new dimension, then stand side by side along it.
  void lower_stack(FunctionId id, const Target& target, std::vector<Integers> operands) {
    const Shape y = graph_.variable(graph_.output_of(id)).type.shape;
    const int64_t given = std::get<Stack>(graph_.function(id).attributes).axis;
    const int64_t axis = given < 0 ? given + y.rank() : given;
    Reshape longer{.shape = y};
    longer.shape[axis] = 1;
    const bool one_scale = std::all_of(operands.begin(), operands.end(),
                                       [&](const Integers& x) { return has_one_scale(graph_, x); });
    if (!one_scale || std::count(y.begin(), y.end(), kFreeDim) > 1) return;
    for (Integers& x : operands) {
      const std::string name = graph_.variable(x.q).name + "_stacked";
      x.q = graph_.output_of(graph_.add_function(longer, {x.q}, "", {name}));
    }
    emit_concatenation(id, target, axis, operands);
  }

  // Functions of integers of at most 8 bits with one scale.
  void lower_small(FunctionId id, const Target& target, const std::vector<Integers>& operands) {
    const Attributes& attributes = graph_.function(id).attributes;
    if (const auto* pooling = std::get_if<AveragePooling>(&attributes)) {
      QuantizedAveragePooling op = with_output(QuantizedAveragePooling{}, target);
      static_cast<AveragePooling&>(op) = *pooling;
      emit(id, target, op, inputs_of(operands, target));
    } else if (std::holds_alternative<GlobalAveragePooling>(attributes)) {
      emit(id, target, with_output(QuantizedGlobalAveragePooling{}, target),
           inputs_of(operands, target));
    } else if (const auto* matmul = std::get_if<BatchMatmul>(&attributes)) {
      QuantizedBatchMatmul op = with_output(QuantizedBatchMatmul{}, target);
      static_cast<BatchMatmul&>(op) = *matmul;
      emit(id, target, op, inputs_of(operands, target));
    } else if (is_elementwise(attributes) && target.activation == "NONE") {
      lower_to_lookup(id, target, operands[0]);
    } else if (std::holds_alternative<PReLU>(attributes) && target.activation == "NONE") {
      lower_prelu(id, target, operands);
    }
  }

  // A table has its slope as it is now; so a plan, which compiles what still trains, makes none.
  void lower_prelu(FunctionId id, const Target& target, const std::vector<Integers>& operands) {
    const Integers& slope = operands[1];
    const at::Tensor q = integers_now(graph_, slope.q, ctx_);
    if (ctx_.keep_float_biases || !q.defined() || q.numel() != 1) return;
    const at::NoGradGuard no_grad;
    const at::Tensor value = dequantize_linear(q, value_of(graph_, slope.scale, ctx_),
                                               value_of(graph_, slope.zero_point, ctx_));
    const FunctionId quantizer = graph_.variable(slope.q).producer;
    const VariableId master = quantizer == kNoId ? slope.q : graph_.function(quantizer).inputs[0];
    lower_to_lookup(id, target, operands[0], master, {value.reshape({1})});
    if (ctx_.training && graph_.function(target.quantizer).erased) {
      log_info("[lower_int8] {} (PReLU) is a table from here on: its slope {:g} is not trained",
               graph_.display_name(id), value.item<double>());
    }
  }

  // The operands, then what the quantizer gives.
  std::vector<VariableId> inputs_of(const std::vector<Integers>& operands,
                                    const Target& target) const {
    std::vector<VariableId> inputs;
    for (const Integers& operand : operands) {
      inputs.insert(inputs.end(), {operand.q, operand.scale, operand.zero_point});
    }
    const Function& quantizer = graph_.function(target.quantizer);
    inputs.insert(inputs.end(), {quantizer.inputs[1], quantizer.inputs[2]});
    return inputs;
  }

  // `parameter`, whose value is `values`: the function's second input, if it has one.
  void lower_to_lookup(FunctionId id, const Target& target, const Integers& x,
                       VariableId parameter = kNoId, const std::vector<at::Tensor>& values = {}) {
    const Function& quantizer = graph_.function(target.quantizer);
    const auto& quantize = std::get<QuantizeLinear>(quantizer.attributes);
    const Attributes& attributes = graph_.function(id).attributes;
    QuantizedLookup op;
    op.dtype = quantize.dtype;
    op.lowest = format_of_value(graph_, x.q).qmin();
    if (op.dtype != 1 && op.dtype != 2) return;
    const std::string y_scale = graph_.variable(quantizer.inputs[1]).name;
    const std::string key = fmt::format(
        "lookup\n{} {}\n{}\n{}\n{}\n{}", type_name(attributes), attributes_to_string(attributes),
        graph_.variable(x.scale).name, y_scale, attributes_to_string(quantize),
        parameter == kNoId ? "" : graph_.variable(parameter).name);
    const auto value = [&](VariableId parameter) { return value_of(graph_, parameter, ctx_); };
    if (!ctx_.memory->folded.contains(key)) {
      const auto made =
          lookup_table(attributes, quantize, op.lowest, value(x.scale), value(x.zero_point),
                       value(quantizer.inputs[1]), value(quantizer.inputs[2]), values);
      if (!made) return;
      const std::string scope = scope_of(y_scale);
      const std::string table = new_parameter_name(scope + "table", ctx_);
      const std::string slope = new_parameter_name(scope + "table-slope", ctx_);
      define_parameter(table, /*need_grad=*/false, ctx_, [&] { return made->integers; });
      define_parameter(slope, /*need_grad=*/false, ctx_, [&] { return made->slope; });
      ctx_.memory->folded[key] = {table, slope};
    }
    const auto& [table, slope] = ctx_.memory->folded.at(key);
    const DType dtype = op.dtype == 1 ? DType::kInt8 : DType::kUInt8;
    emit(id, target, op,
         {x.q, graph_.add_parameter(table, {dtype, {kLookupEntries}, {}}),
          graph_.add_parameter(slope, {DType::kFloat32, {kLookupEntries}, {}})});
  }

  Graph& graph_;
  PassContext& ctx_;
  std::vector<FunctionId> order_;
  Uses uses_;
  std::set<VariableId> held_;
};

// Float functions between integer ones, in the order of the network.
std::vector<FunctionId> functions_left_float(const Graph& graph, const PassContext& ctx) {
  const std::vector<FunctionId> order = graph.topological_order(ctx.outputs);
  const auto gives_integers = [&](FunctionId id) {
    const Function& function = graph.function(id);
    return is_integer_function(function.attributes) ||
           (std::holds_alternative<QuantizeLinear>(function.attributes) &&
            !is_parameter(graph, function.inputs[0]));
  };
  std::vector<bool> behind(graph.num_function_slots(), false);
  for (const FunctionId id : order) {
    for (const VariableId input : graph.function(id).inputs) {
      // What a Dropout gives is float, for a training network alone.
      if (std::holds_alternative<Dropout>(graph.function(id).attributes)) break;
      const FunctionId producer = graph.variable(input).producer;
      if (producer != kNoId && (behind[producer] || gives_integers(producer))) behind[id] = true;
    }
  }
  std::vector<bool> in_front(graph.num_function_slots(), false);
  std::vector<FunctionId> left;
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Function& function = graph.function(*id);
    const bool skipped = is_training_only(function.attributes);
    const bool moves_integers = graph.variable(function.outputs[0]).type.dtype != DType::kFloat32;
    const bool is_float = !gives_integers(*id) && !skipped && !moves_integers &&
                          !std::holds_alternative<DequantizeLinear>(function.attributes);
    if (is_float && behind[*id] && in_front[*id]) left.push_back(*id);
    if (!gives_integers(*id) && (skipped || !in_front[*id])) continue;
    for (const VariableId input : function.inputs) {
      const FunctionId producer = graph.variable(input).producer;
      if (producer != kNoId) in_front[producer] = true;
    }
  }
  return {left.rbegin(), left.rend()};
}

std::string_view reason(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  if (std::holds_alternative<AddN>(function.attributes) && function.inputs.size() > 2) {
    return "integers are added two at a time, by Add2";
  }
  const bool by_channel = std::holds_alternative<PReLU>(function.attributes) &&
                          graph.variable(function.inputs[1]).type.shape.num_elements() > 1;
  if (by_channel) return "its slope differs by channel, which no table has";
  return has_integer_function(graph.function(id).attributes)
             ? "not all of its inputs and its output are quantized"
             : "it has no integer function";
}

// What to write so that none is left, the likeliest first.
std::string remedies(const Graph& graph, const std::vector<FunctionId>& left,
                     const QuantizationConfig& config) {
  const bool normalizes = std::any_of(left.begin(), left.end(), [&](FunctionId id) {
    const Attributes& attributes = graph.function(id).attributes;
    return std::holds_alternative<BatchNormalization>(attributes) ||
           std::holds_alternative<FusedBatchNormalization>(attributes);
  });
  std::string_view folding;
  if (normalizes && !config.bn_folding) {
    folding =
        config.bn_self_folding
            ? "bn_folding = true, or "
            : "bn_folding = true (and bn_self_folding = true for what is behind no layer), or ";
  } else if (normalizes && !config.bn_self_folding) {
    folding = "bn_self_folding = true, or ";
  }
  return fmt::format(
      "{}precision_mode = MIXED_QNN, or leave what is behind them float too (skip_outputs_layers, "
      "exclude)",
      folding);
}

void log_floats(const Graph& graph, const std::vector<FunctionId>& left) {
  for (const FunctionId id : left) {
    log_info("[lower_int8] {} ({}) stays float: {}", graph.display_name(id),
             type_name(graph.function(id).attributes), reason(graph, id));
  }
}

// QNN: one line, however many there are.
void refuse_floats(const Graph& graph, const std::vector<FunctionId>& left,
                   const PassContext& ctx) {
  if (left.empty()) return;
  constexpr size_t kNamed = 3;
  std::vector<std::string> layers;
  for (size_t i = 0; i < std::min(kNamed, left.size()); ++i) {
    layers.push_back(fmt::format("{} ({}: {})", graph.display_name(left[i]),
                                 type_name(graph.function(left[i]).attributes),
                                 reason(graph, left[i])));
  }
  const std::string more =
      left.size() > kNamed ? fmt::format(" and {} more", left.size() - kNamed) : "";
  throw_error("lower_int8",
              "precision_mode QNN leaves no float function between integer ones, but network {} "
              "has {}: {}{}; write {}",
              graph.name(), left.size(), fmt::join(layers, ", "), more,
              remedies(graph, left, ctx.config));
}

}  // namespace

Graph lower_int8(Graph graph, PassContext& ctx) {
  if (ctx.config.precision_mode == PrecisionMode::SIM_QNN) return graph;
  hoist_quantizers(graph, ctx);
  Int8Lowering(graph, ctx).lower();
  if (ctx.keep_float_biases) return graph;
  const std::vector<FunctionId> left = functions_left_float(graph, ctx);
  if (ctx.config.precision_mode == PrecisionMode::QNN) {
    refuse_floats(graph, left, ctx);
  } else if (ctx.training) {
    log_floats(graph, left);
  }
  return graph;
}

}  // namespace octet
