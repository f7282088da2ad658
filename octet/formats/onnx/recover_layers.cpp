#include "octet/formats/onnx/recover_layers.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "octet/formats/onnx/move_weight.h"

namespace octet {
namespace {

template <class Op>
bool is(const Function& function) {
  return std::holds_alternative<Op>(function.attributes);
}

class Recovery {
 public:
  Recovery(Graph& graph, ParameterStore& parameters)
      : graph_(graph),
        parameters_(parameters),
        order_(graph.topological_order(graph.outputs())),
        uses_(graph, order_) {}

  // Each step only takes functions out that are behind those that it has seen, or that nothing
  // else reads; uses_ stays right for what is left.
  void run() {
    for (const FunctionId id : order_) {
      if (graph_.function(id).erased) continue;
      const Function& function = graph_.function(id);
      if (is<Affine>(function) || is<QuantizedAffine>(function)) take_reshape_in(id);
      if (is<BatchMatmul>(function)) take_transposes_in<BatchMatmul>(id, 1);
      if (is<QuantizedBatchMatmul>(function)) take_transposes_in<QuantizedBatchMatmul>(id, 3);
      if (is<Add2>(graph_.function(id)) || is<BcAdd2>(graph_.function(id))) join_bias(id);
    }
  }

 private:
  bool is_output(VariableId id) const {
    return std::ranges::find(graph_.outputs(), id) != graph_.outputs().end();
  }

  // The function that makes input `index` of `id` and nothing else, if it is called NAME/type.
  FunctionId part_of(FunctionId id, const std::string& name, size_t index, std::string_view type) {
    const VariableId value = graph_.function(id).inputs[index];
    const FunctionId producer = graph_.variable(value).producer;
    if (producer == kNoId || uses_.of(value).size() != 1 || is_output(value)) return kNoId;
    const bool named = graph_.function(producer).name.starts_with(fmt::format("{}/{}", name, type));
    return named && !name.empty() ? producer : kNoId;
  }

  // Affine flattens what comes behind base_axis by itself.
  void take_reshape_in(FunctionId id) {
    const Function& layer = graph_.function(id);
    const FunctionId part = part_of(id, stem_of(layer.name), 0, "Reshape");
    if (part == kNoId || !is<Reshape>(graph_.function(part))) return;
    const VariableId x = graph_.function(part).inputs[0];
    const Shape& from = graph_.variable(x).type.shape;
    const Shape& to = graph_.variable(layer.inputs[0]).type.shape;
    const auto* affine = std::get_if<Affine>(&layer.attributes);
    if (affine == nullptr) affine = &std::get<QuantizedAffine>(layer.attributes);
    const auto base = static_cast<size_t>(affine->base_axis);
    const bool flattens =
        to.size() == base + 1 && from.size() > base &&
        std::equal(to.begin(), to.begin() + static_cast<int64_t>(base), from.begin()) &&
        from.num_elements(base_of(base), from.rank()) == to[base];
    if (!flattens) return;
    graph_.set_input(id, 0, x);
    graph_.erase_function(part);
  }

  static int64_t base_of(size_t base) { return static_cast<int64_t>(base); }

  // A product that has a bias behind it is called L/MatMul or L/Gemm itself.
  static std::string stem_of(const std::string& name) {
    for (const std::string_view end : {"/MatMul", "/Gemm"}) {
      if (name.ends_with(end)) return name.substr(0, name.size() - end.size());
    }
    return name;
  }

  // `second`: where the second operand stands among the inputs.
  template <class Product>
  void take_transposes_in(FunctionId id, size_t second) {
    const std::string name = graph_.function(id).name;
    auto op = std::get<Product>(graph_.function(id).attributes);
    for (const size_t index : {size_t{0}, second}) {
      const FunctionId part = part_of(id, name, index, "Transpose");
      if (part == kNoId || !swaps_matrix(graph_.function(part))) continue;
      bool& transposed = index == 0 ? op.transpose_a : op.transpose_b;
      transposed = !transposed;
      graph_.set_input(id, index, graph_.function(part).inputs[0]);
      graph_.erase_function(part);
    }
    graph_.mutable_function(id).attributes = op;
  }

  static bool swaps_matrix(const Function& function) {
    const auto* op = std::get_if<Transpose>(&function.attributes);
    if (op == nullptr || op->axes.size() < 2) return false;
    IntList axes(op->axes.begin(), op->axes.end());
    std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
    for (size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] != static_cast<int64_t>(i)) return false;
    }
    return true;
  }

  void join_bias(FunctionId id) {
    for (const size_t index : {size_t{0}, size_t{1}}) {
      const Function add = graph_.function(id);
      const VariableId product = add.inputs[index];
      const VariableId bias = add.inputs[1 - index];
      const FunctionId producer = graph_.variable(product).producer;
      if (producer == kNoId || uses_.of(product).size() != 1 || is_output(product)) continue;
      const Function layer = graph_.function(producer);
      if (!is<Affine>(layer) || layer.inputs.size() != 2 || !is_bias_of(layer, bias)) continue;
      const bool named = part_of(id, add.name, index, "MatMul") != kNoId;
      if (!named && !is_stored_bias(bias)) continue;
      graph_.erase_function(producer);
      graph_.erase_function(id);
      graph_.add_function_for(layer.attributes, {layer.inputs[0], layer.inputs[1], bias},
                              add.outputs, add.name);
      train(bias);
      return;
    }
  }

  bool is_bias_of(const Function& layer, VariableId bias) const {
    const Shape& weight = graph_.variable(layer.inputs[1]).type.shape;
    return weight.rank() == 2 && graph_.variable(bias).type.shape == Shape{weight[1]} &&
           (graph_.variable(bias).kind == VariableKind::kParameter || is_stored_bias(bias));
  }

  // Of integers: int32 is a type of biases alone.
  bool is_stored_bias(VariableId bias) const {
    const FunctionId producer = graph_.variable(bias).producer;
    if (producer == kNoId || !is<DequantizeLinear>(graph_.function(producer))) return false;
    const Variable& integers = graph_.variable(graph_.function(producer).inputs[0]);
    return integers.kind == VariableKind::kParameter && integers.type.dtype == DType::kInt32;
  }

  // One number alone is taken for a constant until it is known to be a bias.
  void train(VariableId bias) {
    const Variable& variable = graph_.variable(bias);
    if (variable.kind != VariableKind::kParameter) return;
    parameters_.set(variable.name, parameters_.at(variable.name).value.detach(),
                    /*need_grad=*/true);
  }

  Graph& graph_;
  ParameterStore& parameters_;
  std::vector<FunctionId> order_;
  Uses uses_;
};

}  // namespace

void recover_layers(Graph& graph, ParameterStore& parameters) {
  const at::AutoGradMode no_gradients(false);
  move_into_weights(graph, parameters);
  Recovery(graph, parameters).run();
}

}  // namespace octet
