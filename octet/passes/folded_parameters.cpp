#include "octet/passes/folded_parameters.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "octet/passes/batch_norm.h"
#include "octet/passes/layer_traits.h"

namespace octet {
namespace {

std::string key_of(const Graph& graph, FunctionId layer, FunctionId batch_norm) {
  std::string key;
  const Function& function = graph.function(layer);
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    key += graph.variable(function.inputs[i]).name + "\n";
  }
  return key + batch_norm_key(graph, batch_norm);
}

VariableId variable_of(Graph& graph, const std::string& name, const ParameterStore& parameters) {
  const at::Tensor& value = parameters.at(name).value;
  return graph.add_parameter(name, {DType::kFloat32, Shape(value.sizes().vec()), {}});
}

}  // namespace

std::string new_parameter_name(const std::string& wanted, PassContext& ctx) {
  std::string name = wanted;
  for (int suffix = 1; !ctx.memory->created.insert(name).second; ++suffix) {
    name = fmt::format("{}-{}", wanted, suffix);
  }
  return name;
}

void define_parameter(const std::string& name, bool need_grad, PassContext& ctx,
                      const std::function<at::Tensor()>& value) {
  if (ctx.memory->restoring && ctx.parameters->find(name) != nullptr) return;
  ctx.parameters->set(name, value(), need_grad);
}

void define_unit(const std::string& name, PassContext& ctx,
                 const std::function<at::Tensor()>& unit) {
  if (!ctx.config.bn_folding_keep_step) return;
  const std::string unit_name = name + "-unit";
  define_parameter(unit_name, /*need_grad=*/false, ctx, unit);
  ctx.parameters->at(name).unit = ctx.parameters->at(unit_name).value;
}

FoldedNames folded_parameters(Graph& graph, FunctionId layer, FunctionId batch_norm,
                              PassContext& ctx,
                              const std::function<Fold(const LayerValues&)>& fold) {
  const auto [entry, inserted] = ctx.memory->folded.try_emplace(key_of(graph, layer, batch_norm));
  auto& [weight_name, bias_name] = entry->second;
  if (inserted) {
    const Function& function = graph.function(layer);
    const auto value = [&](size_t input) {
      const std::string& name = graph.variable(function.inputs[input]).name;
      return ctx.parameters->at(name).value.detach().to(at::kDouble);
    };
    const auto folded = [&] {
      return fold({value(1), function.inputs.size() > 2 ? value(2) : at::Tensor()});
    };
    const std::string scope = scope_of(graph.variable(function.inputs[1]).name);
    weight_name = new_parameter_name(scope + "w-folded", ctx);
    bias_name = new_parameter_name(scope + "b-folded", ctx);
    define_parameter(weight_name, true, ctx,
                     [&] { return (value(1) * folded().weight_scale).to(at::kFloat); });
    define_parameter(bias_name, true, ctx, [&] { return folded().bias.to(at::kFloat); });
    define_unit(weight_name, ctx, [&] { return folded().weight_scale.to(at::kFloat); });
  }
  return {variable_of(graph, weight_name, *ctx.parameters),
          variable_of(graph, bias_name, *ctx.parameters)};
}

}  // namespace octet
