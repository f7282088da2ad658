#include "octet/formats/onnx/move_weight.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

namespace octet {
namespace {

// A weight with what is behind it, up to the function that moves its elements.
struct StoredWeight {
  VariableId weight = kNoId;
  FunctionId quantize = kNoId;  // kNoId for stored integers
  FunctionId dequantize = kNoId;
};

class WeightMover {
 public:
  WeightMover(Graph& graph, ParameterStore& parameters)
      : graph_(graph),
        parameters_(parameters),
        order_(graph.topological_order(graph.outputs())),
        uses_(graph, order_) {}

  void run() {
    for (const FunctionId id : order_) {
      const Function mover = graph_.function(id);
      const bool moves = std::holds_alternative<Transpose>(mover.attributes) ||
                         std::holds_alternative<Reshape>(mover.attributes);
      if (!moves || is_output(mover.outputs[0])) continue;
      const std::optional<StoredWeight> stored = stored_weight(mover.inputs[0]);
      if (stored && can_move(mover, *stored)) move(id, *stored);
    }
  }

 private:
  bool is_output(VariableId id) const {
    return std::ranges::find(graph_.outputs(), id) != graph_.outputs().end();
  }
  bool has_one_reader(VariableId id) const { return uses_.of(id).size() == 1 && !is_output(id); }
  bool is_parameter(VariableId id) const {
    return graph_.variable(id).kind == VariableKind::kParameter;
  }

  std::optional<StoredWeight> stored_weight(VariableId value) const {
    StoredWeight stored;
    if (!has_one_reader(value)) return std::nullopt;
    stored.dequantize = graph_.variable(value).producer;
    if (!is_function<DequantizeLinear>(stored.dequantize)) return std::nullopt;
    const VariableId integers = graph_.function(stored.dequantize).inputs[0];
    if (!has_one_reader(integers)) return std::nullopt;
    stored.weight = integers;
    stored.quantize = graph_.variable(integers).producer;
    if (stored.quantize != kNoId) {
      if (!is_function<QuantizeLinear>(stored.quantize)) return std::nullopt;
      stored.weight = graph_.function(stored.quantize).inputs[0];
    }
    if (!is_parameter(stored.weight) || !has_one_reader(stored.weight)) return std::nullopt;
    return stored;
  }

  template <class Op>
  bool is_function(FunctionId id) const {
    return id != kNoId && std::holds_alternative<Op>(graph_.function(id).attributes);
  }

  // The scales and zero points of both functions are parameters, and of one number where the
  // elements do not stay along their axes.
  bool can_move(const Function& mover, const StoredWeight& stored) const {
    const bool keeps_axes = std::holds_alternative<Transpose>(mover.attributes);
    for (const FunctionId id : {stored.quantize, stored.dequantize}) {
      if (id == kNoId) continue;
      for (const size_t index : {size_t{1}, size_t{2}}) {
        const VariableId qparam = graph_.function(id).inputs[index];
        const Shape& shape = graph_.variable(qparam).type.shape;
        if (!is_parameter(qparam)) return false;
        const int64_t rank = graph_.variable(stored.weight).type.shape.rank();
        if (shape.num_elements() != 1 && (!keeps_axes || shape.rank() != rank)) return false;
      }
    }
    return true;
  }

  void move(FunctionId id, const StoredWeight& stored) {
    const Function mover = graph_.function(id);
    const VariableId value = mover.inputs[0];
    const int64_t rank = graph_.variable(mover.outputs[0]).type.shape.rank();
    replace(stored.weight, moved(mover, value_of(stored.weight)));
    for (const FunctionId pair : {stored.quantize, stored.dequantize}) {
      if (pair == kNoId) continue;
      const Function old = graph_.function(pair);
      const std::vector<VariableId> inputs{old.inputs[0],
                                           moved_qparam(mover, old.inputs[1], stored, rank),
                                           moved_qparam(mover, old.inputs[2], stored, rank)};
      graph_.erase_function(pair);
      graph_.add_function_for(old.attributes, inputs, old.outputs, old.name);
    }
    graph_.erase_function(id);
    for (const Use& use : uses_.of(mover.outputs[0])) {
      graph_.set_input(use.function, use.input_index, value);
    }
  }

  const at::Tensor& value_of(VariableId id) const {
    return parameters_.at(graph_.variable(id).name).value;
  }

  static at::Tensor moved(const Function& mover, const at::Tensor& value) {
    RandomState random(0);
    ForwardContext context;
    context.random = &random;
    context.where = mover.name;
    const std::vector<at::Tensor> inputs{value.detach()};
    return run_forward(mover.attributes, inputs, context)[0].contiguous();
  }

  void replace(VariableId id, const at::Tensor& value) {
    const std::string name = graph_.variable(id).name;
    const bool need_grad = parameters_.at(name).need_grad;
    parameters_.set(name, value, need_grad);
    graph_.mutable_variable(id).type.shape = Shape(value.sizes().vec());
  }

  // A scale or zero point laid out like the moved weight: the same parameter, or another one where
  // values beside this weight have it too.
  VariableId moved_qparam(const Function& mover, VariableId id, const StoredWeight& stored,
                          int64_t rank) {
    const auto known = qparams_.find({mover.outputs[0], id});
    if (known != qparams_.end()) return known->second;
    const at::Tensor old = value_of(id).detach();
    const at::Tensor value = old.numel() == 1
                                 ? old.reshape(std::vector<int64_t>(static_cast<size_t>(rank), 1))
                                 : moved(mover, old);
    const bool own = std::ranges::all_of(uses_.of(id), [&](const Use& use) {
      return use.function == stored.quantize || use.function == stored.dequantize;
    });
    VariableId result = id;
    if (own) {
      replace(id, value);
    } else if (value.sizes() != old.sizes() || !at::equal(value, old)) {
      result = copy_of(id, value);
    }
    qparams_[{mover.outputs[0], id}] = result;
    return result;
  }

  VariableId copy_of(VariableId id, const at::Tensor& value) {
    const std::string& wanted = graph_.variable(id).name;
    std::string name;
    for (int suffix = 1; name.empty() || graph_.find_variable(name) != kNoId; ++suffix) {
      name = fmt::format("{}_{}", wanted, suffix);
    }
    parameters_.set(name, value, /*need_grad=*/false);
    const VariableType& type = graph_.variable(id).type;
    return graph_.add_parameter(name, {type.dtype, Shape(value.sizes().vec()), {}});
  }

  Graph& graph_;
  ParameterStore& parameters_;
  std::vector<FunctionId> order_;
  Uses uses_;
  std::map<std::pair<VariableId, VariableId>, VariableId> qparams_;  // by (moved value, qparam)
};

}  // namespace

void move_into_weights(Graph& graph, ParameterStore& parameters) {
  WeightMover(graph, parameters).run();
}

}  // namespace octet
