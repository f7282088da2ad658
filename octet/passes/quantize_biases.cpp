#include "octet/passes/quantize_biases.h"

#include <ATen/ATen.h>

#include "octet/base/logging.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/layer_traits.h"
#include "octet/quant/scale.h"

namespace octet {
namespace {

// The scale of a dequantized value, perhaps behind a Dropout; kNoId if the value is float.
VariableId scale_variable(const Graph& graph, VariableId value) {
  FunctionId producer = graph.variable(value).producer;
  while (producer != kNoId && is_training_only(graph.function(producer).attributes)) {
    producer = graph.variable(graph.function(producer).inputs[0]).producer;
  }
  if (producer == kNoId) return kNoId;
  const Function& function = graph.function(producer);
  return std::holds_alternative<DequantizeLinear>(function.attributes) ? function.inputs[1] : kNoId;
}

struct BiasScale {
  VariableId scale;
  VariableId zero_point;
};

class BiasQuantizer {
 public:
  BiasQuantizer(Graph& graph, PassContext& ctx) : graph_(graph), ctx_(ctx) {}

  bool quantize(FunctionId id) {
    const Function layer = graph_.function(id);
    const VariableId scale_x = scale_variable(graph_, layer.inputs[0]);
    const VariableId scale_w = scale_variable(graph_, layer.inputs[1]);
    const VariableId bias = layer.inputs[2];
    if (scale_x == kNoId || scale_w == kNoId || !is_parameter(graph_, bias)) return false;
    const int64_t scales = graph_.variable(scale_w).type.shape.num_elements();
    const int64_t repeats = scales == 1 ? 1 : weighted_layer(graph_, id)->repeats;
    if (scales != 1 && scales * repeats != graph_.variable(bias).type.shape.num_elements()) {
      return false;
    }
    const BiasScale qparams = bias_scale_variables(bias, scale_x, scale_w, repeats);
    const QuantizeLinear quantize =
        quantize_linear_for(full_format(DType::kInt32), ctx_.config.round_mode, ctx_.config.ste);
    const std::string& name = graph_.variable(bias).name;
    const FunctionId q = graph_.add_function(quantize, {bias, qparams.scale, qparams.zero_point},
                                             "", {name + "_quantized"});
    const FunctionId dq = graph_.add_function(
        DequantizeLinear{}, {graph_.output_of(q), qparams.scale, qparams.zero_point}, "",
        {name + "_dequantized"});
    graph_.set_input(id, 2, graph_.output_of(dq));
    return true;
  }

  // One line for all of them.
  void report() const {
    if (saturated_ == 0) return;
    log_warning("[quantize_biases] {}, more than int32 holds: it saturates{}", first_saturated_,
                saturated_ > 1 ? fmt::format(" (and {} more like it)", saturated_ - 1) : "");
  }

 private:
  VariableId parameter(const std::string& name) {
    const at::Tensor& value = ctx_.parameters->at(name).value;
    return graph_.add_parameter(name, {DType::kFloat32, Shape(value.sizes().vec()), {}});
  }

  BiasScale bias_scale_variables(VariableId bias, VariableId scale_x, VariableId scale_w,
                                 int64_t repeats) {
    const std::string name_b = graph_.variable(bias).name;
    const std::string name_x = graph_.variable(scale_x).name;
    const std::string name_w = graph_.variable(scale_w).name;
    const bool constant = is_parameter(graph_, scale_x) && is_parameter(graph_, scale_w);
    const auto [entry, inserted] =
        ctx_.memory->folded.try_emplace("bias\n" + name_b + "\n" + name_x + "\n" + name_w);
    if (inserted) {
      const std::string scope = scope_of(name_w);
      entry->second = {new_parameter_name(scope + "scale-b", ctx_),
                       new_parameter_name(scope + "zeropoint-b", ctx_)};
      const int64_t scales = graph_.variable(scale_w).type.shape.num_elements() * repeats;
      if (constant) {
        define_parameter(entry->second.first, /*need_grad=*/false, ctx_, [&] {
          return bias_scale(ctx_.parameters->at(name_x).value.flatten(),
                            ctx_.parameters->at(name_w).value.flatten(), repeats);
        });
        note_saturation(name_b, ctx_.parameters->at(entry->second.first).value);
      }
      define_parameter(entry->second.second, /*need_grad=*/false, ctx_,
                       [&] { return at::zeros({scales}); });
    }
    const VariableId zero_point = parameter(entry->second.second);
    if (constant) return {parameter(entry->second.first), zero_point};
    // A scale that is trained changes with each step, and the product with it.
    const VariableId x = flat_scale(graph_, scale_x, /*repeats=*/1);
    const VariableId w = flat_scale(graph_, scale_w, repeats);
    return {graph_.output_of(graph_.add_function(Mul2{}, {x, w}, "", {entry->second.first})),
            zero_point};
  }

  // Where a range of input or weight is tiny, 2^31 units may be less than the bias.
  void note_saturation(const std::string& bias, const at::Tensor& scale) {
    const at::Tensor units = ctx_.parameters->at(bias).value.detach().flatten().abs() / scale;
    const double largest = units.max().item<double>();
    if (largest <= 0x1p31) return;
    if (saturated_++ == 0) {
      first_saturated_ =
          fmt::format("the bias {} is {:.3g} times the product of the scales of input and weight",
                      bias, largest);
    }
  }

  Graph& graph_;
  PassContext& ctx_;
  int64_t saturated_ = 0;
  std::string first_saturated_;
};

}  // namespace

Graph quantize_biases(Graph graph, PassContext& ctx) {
  if (ctx.config.skip_bias) return graph;
  BiasQuantizer quantizer(graph, ctx);
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    const std::optional<WeightedLayer> layer = weighted_layer(graph, id);
    if (layer && layer->has_bias) quantizer.quantize(id);
  }
  quantizer.report();
  return graph;
}

VariableId flat_scale(Graph& graph, VariableId scale, int64_t repeats) {
  const Shape channels{graph.variable(scale).type.shape.num_elements()};
  const VariableId flat = graph.output_of(graph.add_function(Reshape{.shape = channels}, {scale}));
  if (repeats == 1) return flat;
  return graph.output_of(graph.add_function(Tile{.reps = {repeats}}, {flat}));
}

bool quantize_bias(Graph& graph, FunctionId layer, PassContext& ctx) {
  BiasQuantizer quantizer(graph, ctx);
  const bool quantized = quantizer.quantize(layer);
  quantizer.report();
  return quantized;
}

}  // namespace octet
