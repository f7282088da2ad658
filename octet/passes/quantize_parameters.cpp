#include "octet/passes/quantize_parameters.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/scalar_types.h"
#include "octet/passes/layer_traits.h"
#include "octet/quant/fake_quantize.h"

namespace octet {
namespace {

class ParameterQuantizer {
 public:
  ParameterQuantizer(Graph& graph, PassContext& ctx) : graph_(graph), ctx_(ctx) {}

  // Does nothing for a DequantizeLinear of a value that is no quantized parameter.
  void replace(FunctionId dequantize) {
    const FunctionId id = graph_.variable(graph_.function(dequantize).inputs[0]).producer;
    if (id == kNoId) return;
    const Function& function = graph_.function(id);
    const auto* quantize = std::get_if<QuantizeLinear>(&function.attributes);
    if (quantize == nullptr) return;
    for (const VariableId input : function.inputs) {
      if (!is_parameter(graph_, input)) return;
    }
    graph_.set_input(dequantize, 0, integers(*quantize, function));
  }

 private:
  const at::Tensor& value(VariableId parameter) const {
    return ctx_.parameters->at(graph_.variable(parameter).name).value;
  }

  // The same quantizer of the same parameter gives the same integers.
  VariableId integers(const QuantizeLinear& quantize, const Function& function) {
    std::string key = attributes_to_string(quantize);
    for (const VariableId input : function.inputs) key += "\n" + graph_.variable(input).name;
    const auto [entry, inserted] = made_.try_emplace(key, kNoId);
    if (inserted) entry->second = make(quantize, function);
    return entry->second;
  }

  VariableId make(const QuantizeLinear& quantize, const Function& function) {
    const QuantFormat format = format_of(quantize);
    const at::NoGradGuard no_grad;
    const at::Tensor q = quantize_linear(
        value(function.inputs[0]), value(function.inputs[1]), value(function.inputs[2]), format,
        parse_round_mode(quantize.round_mode), parse_ste(quantize.ste));
    const std::string name = unused_name(graph_.variable(function.inputs[0]).name + "-quantized");
    OCTET_CHECK(!q.isnan().any().item<bool>(), graph_.variable(function.inputs[0]).name,
                "the parameter has values that are not a number, which no integer stands for");
    ctx_.parameters->set(name, q.to(scalar_type_of(format.dtype)), /*need_grad=*/false);
    return graph_.add_parameter(name, {format.dtype, Shape(q.sizes().vec()), {}});
  }

  std::string unused_name(const std::string& wanted) const {
    std::string name = wanted;
    for (int suffix = 1; graph_.find_variable(name) != kNoId; ++suffix) {
      name = fmt::format("{}-{}", wanted, suffix);
    }
    return name;
  }

  Graph& graph_;
  PassContext& ctx_;
  std::map<std::string, VariableId> made_;
};

}  // namespace

Graph quantize_parameters(Graph graph, PassContext& ctx) {
  ParameterQuantizer quantizer(graph, ctx);
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    const bool dequantizes =
        std::holds_alternative<DequantizeLinear>(graph.function(id).attributes);
    if (dequantizes) quantizer.replace(id);
  }
  return graph;
}

}  // namespace octet
