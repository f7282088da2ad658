#include "octet/passes/lower_layer.h"

#include <ATen/ATen.h>

#include "octet/base/logging.h"
#include "octet/ops/exact_product.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/quantize_biases.h"
#include "octet/quant/fake_quantize.h"
#include "octet/quant/scale.h"

namespace octet {
namespace {

at::Tensor flat_value(const Graph& graph, VariableId parameter, const PassContext& ctx) {
  return value_of(graph, parameter, ctx).detach().to(at::kFloat).flatten();
}

bool is_zero(const Graph& graph, VariableId zero_point, const PassContext& ctx) {
  return flat_value(graph, zero_point, ctx).eq(0).all().item<bool>();
}

bool is_weight(const Graph& graph, FunctionId layer, const Integers& w, const PassContext& ctx) {
  const VariableType& type = graph.variable(w.q).type;
  const int64_t scales = graph.variable(w.scale).type.shape.num_elements();
  const int64_t channels = type.shape[weighted_layer(graph, layer)->output_axis];
  const auto* deconvolution =
      std::get_if<DepthwiseDeconvolution>(&graph.function(layer).attributes);
  const bool summed = deconvolution != nullptr && deconvolution->divisor > 1;
  return type.dtype == DType::kInt8 && (scales == 1 || (scales == channels && !summed)) &&
         is_zero(graph, w.zero_point, ctx);
}

// Scale of the layer's accumulators: one value, or one for each channel of its output.
at::Tensor accumulator_scale(const Graph& graph, FunctionId layer, const LayerIntegers& integers,
                             const PassContext& ctx) {
  return bias_scale(flat_value(graph, integers.x.scale, ctx),
                    flat_value(graph, integers.w.scale, ctx),
                    weighted_layer(graph, layer)->repeats);
}

bool is_bias(const Graph& graph, FunctionId layer, const Integers& bias,
             const LayerIntegers& integers, const PassContext& ctx) {
  return graph.variable(bias.q).type.dtype == DType::kInt32 &&
         is_zero(graph, bias.zero_point, ctx) &&
         at::equal(flat_value(graph, bias.scale, ctx),
                   accumulator_scale(graph, layer, integers, ctx));
}

}  // namespace

std::optional<LayerIntegers> layer_integers(Graph& graph, FunctionId layer, PassContext& ctx) {
  const at::NoGradGuard no_grad;
  const std::vector<VariableId> inputs = graph.function(layer).inputs;
  const auto x = small_integers_of(graph, inputs[0]);
  const auto w = integers_of(graph, inputs[1]);
  if (!x || !w || !is_weight(graph, layer, *w, ctx)) return std::nullopt;
  LayerIntegers integers{*x, *w, kNoId};
  if (inputs.size() < 3) return integers;
  if (ctx.keep_float_biases && !integers_of(graph, inputs[2])) {
    const int64_t scales = graph.variable(w->scale).type.shape.num_elements();
    const int64_t channels = graph.variable(inputs[2]).type.shape.num_elements();
    if (scales != 1 && scales * weighted_layer(graph, layer)->repeats != channels) {
      return std::nullopt;
    }
    integers.float_bias = inputs[2];
    return integers;
  }
  if (!integers_of(graph, inputs[2]) && !quantize_bias(graph, layer, ctx)) return std::nullopt;
  const auto bias = integers_of(graph, graph.function(layer).inputs[2]);
  if (!bias || !is_bias(graph, layer, *bias, integers, ctx)) return std::nullopt;
  integers.bias = bias->q;
  return integers;
}

VariableId bias_in_steps(Graph& graph, FunctionId layer, const LayerIntegers& integers) {
  const Shape shape = graph.variable(integers.float_bias).type.shape;
  const int64_t repeats = weighted_layer(graph, layer)->repeats;
  VariableId bias = integers.float_bias;
  for (const VariableId scale : {integers.x.scale, integers.w.scale}) {
    const bool single = graph.variable(scale).type.shape.num_elements() == 1;
    const VariableId channels = single || repeats == 1 ? scale : flat_scale(graph, scale, repeats);
    const VariableId flat = graph.output_of(
        graph.add_function(Reshape{.shape = single ? Shape(shape.size(), 1) : shape}, {channels}));
    bias = graph.output_of(graph.add_function(Div2{}, {bias, flat}));
  }
  return bias;
}

Attributes integer_layer(const Attributes& layer, const QuantizeLinear& output,
                         std::string_view activation) {
  const auto made = [&](auto quantized, const auto& op) -> Attributes {
    static_cast<std::decay_t<decltype(op)>&>(quantized) = op;
    set_output(quantized, output, activation);
    return quantized;
  };
  if (const auto* op = std::get_if<Convolution>(&layer)) return made(QuantizedConvolution{}, *op);
  if (const auto* op = std::get_if<DepthwiseConvolution>(&layer)) {
    return made(QuantizedDepthwiseConvolution{}, *op);
  }
  if (const auto* op = std::get_if<Deconvolution>(&layer)) {
    return made(QuantizedDeconvolution{}, *op);
  }
  if (const auto* op = std::get_if<DepthwiseDeconvolution>(&layer)) {
    return made(QuantizedDepthwiseDeconvolution{}, *op);
  }
  return made(QuantizedAffine{}, std::get<Affine>(layer));
}

std::vector<VariableId> integer_layer_inputs(const LayerIntegers& integers, VariableId y_scale,
                                             VariableId y_zero_point) {
  const auto& [x, w, bias, float_bias] = integers;
  std::vector<VariableId> inputs{x.q, x.scale, x.zero_point, w.q, w.scale, y_scale, y_zero_point};
  if (bias != kNoId) inputs.push_back(bias);
  return inputs;
}

Integers accumulator_qparams(Graph& graph, FunctionId layer, const LayerIntegers& integers,
                             PassContext& ctx) {
  const Function& function = graph.function(layer);
  const std::string name_x = graph.variable(integers.x.scale).name;
  const std::string name_w = graph.variable(integers.w.scale).name;
  const int64_t rank = graph.variable(function.outputs[0]).type.shape.rank();
  const int64_t axis = weighted_layer(graph, layer)->channel_axis;
  const auto [entry, inserted] =
      ctx.memory->folded.try_emplace("accumulator\n" + name_x + "\n" + name_w);
  auto& [scale_name, zero_point_name] = entry->second;
  if (inserted) {
    const std::string scope = scope_of(name_w);
    scale_name = new_parameter_name(scope + "scale-acc", ctx);
    zero_point_name = new_parameter_name(scope + "zeropoint-acc", ctx);
    define_parameter(scale_name, /*need_grad=*/false, ctx, [&] {
      const at::Tensor scale = accumulator_scale(graph, layer, integers, ctx);
      return align_to_axis(scale, scale.numel() > 1 ? axis : -1, rank);
    });
    define_parameter(zero_point_name, /*need_grad=*/false, ctx,
                     [&] { return align_to_axis(at::zeros({1}), -1, rank); });
  }
  const auto variable = [&](const std::string& name) {
    const Shape shape(ctx.parameters->at(name).value.sizes().vec());
    return graph.add_parameter(name, {DType::kFloat32, shape, {}});
  };
  Integers qparams;
  qparams.scale = variable(scale_name);
  qparams.zero_point = variable(zero_point_name);
  return qparams;
}

at::Tensor integers_now(const Graph& graph, VariableId q, const PassContext& ctx) {
  if (is_parameter(graph, q)) return value_of(graph, q, ctx).detach();
  if (graph.variable(q).producer == kNoId) return {};
  const Function& function = graph.function(graph.variable(q).producer);
  const auto* quantize = std::get_if<QuantizeLinear>(&function.attributes);
  if (quantize == nullptr) return {};
  for (const VariableId input : function.inputs) {
    if (!is_parameter(graph, input)) return {};
  }
  return quantize_linear(value_of(graph, function.inputs[0], ctx),
                         value_of(graph, function.inputs[1], ctx),
                         value_of(graph, function.inputs[2], ctx), format_of(*quantize),
                         parse_round_mode(quantize->round_mode), parse_ste(quantize->ste));
}

void warn_of_overflow(const Graph& graph, FunctionId layer, const LayerIntegers& integers,
                      const PassContext& ctx) {
  const at::NoGradGuard no_grad;
  at::Tensor w = integers_now(graph, integers.w.q, ctx);
  if (!w.defined()) return;
  const int64_t channels = weighted_layer(graph, layer)->output_axis;
  // Each column of an affine layer has a sum of its own.
  if (std::holds_alternative<Affine>(graph.function(layer).attributes)) w = w.flatten(1);
  std::vector<int64_t> summed;
  for (int64_t i = 0; i < w.dim(); ++i) {
    if (i != channels) summed.push_back(i);
  }
  const QuantFormat format = format_of_value(graph, integers.x.q);
  const auto zero_point = flat_value(graph, integers.x.zero_point, ctx).item<double>();
  const double largest_x = std::max(static_cast<double>(format.qmax()) - zero_point,
                                    zero_point - static_cast<double>(format.qmin()));
  double bound = largest_x * largest_weight_sum(w, summed);
  if (integers.bias != kNoId) {
    const at::Tensor bias = integers_now(graph, integers.bias, ctx);
    if (bias.defined()) bound += bias.to(at::kDouble).abs().max().item<double>();
  }
  const auto limit = static_cast<double>(full_format(DType::kInt32).qmax());
  if (bound <= limit) return;
  log_warning(
      "[lower_int8] {}: its accumulators may reach {:.0f}, which int32 does not hold; a deployed "
      "network would give other numbers",
      graph.display_name(layer), bound);
}

}  // namespace octet
