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

  // The inputs of a function that are quantized parameters become their integers.
  void replace(FunctionId reader) {
    for (size_t i = 0; i < graph_.function(reader).inputs.size(); ++i) {
      const FunctionId id = graph_.variable(graph_.function(reader).inputs[i]).producer;
      if (id == kNoId) continue;
      const Function& function = graph_.function(id);
      const auto* quantize = std::get_if<QuantizeLinear>(&function.attributes);
      if (quantize == nullptr) continue;
      const bool constant = std::all_of(function.inputs.begin(), function.inputs.end(),
                                        [&](VariableId x) { return is_parameter(graph_, x); });
      if (constant) graph_.set_input(reader, i, integers(*quantize, function));
    }
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
    quantizer.replace(id);
    // What only the backward pass reads.
    const bool looks_up = std::holds_alternative<QuantizedLookup>(graph.function(id).attributes);
    if (looks_up) graph.mutable_function(id).inputs.resize(2);
  }
  return graph;
}

}  // namespace octet
