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

bool is_any_trained(const Graph& graph, const std::vector<VariableId>& sources,
                    const PassContext& ctx) {
  bool any = false;
  for (const VariableId source : sources) {
    if (source == kNoId) continue;
    if (ctx.parameters->at(graph.variable(source).name).need_grad) return true;
    any = true;
  }
  return !any;
}

void define_folded_parameter(const std::string& name, const Graph& graph,
                             const std::vector<VariableId>& sources, PassContext& ctx,
                             const std::function<at::Tensor()>& value) {
  define_parameter(name, is_any_trained(graph, sources, ctx), ctx, value);
  std::vector<std::string> replaced;
  for (const VariableId source : sources) {
    if (source == kNoId) continue;
    const std::string& source_name = graph.variable(source).name;
    // One that a fold before this one made was never in a solver.
    const auto earlier = ctx.memory->replaced.find(source_name);
    if (earlier == ctx.memory->replaced.end()) {
      replaced.push_back(source_name);
    } else {
      replaced.insert(replaced.end(), earlier->second.begin(), earlier->second.end());
    }
  }
  ctx.memory->replaced[name] = std::move(replaced);
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
    const VariableId weight = function.inputs[1];
    const VariableId bias = function.inputs.size() > 2 ? function.inputs[2] : kNoId;
    const VariableId beta = batch_norm_inputs(graph.function(batch_norm)).beta;
    std::vector<VariableId> shifts{bias, beta};
    // Without either, the shift of the statistics becomes a part of the layer.
    if (bias == kNoId && beta == kNoId) shifts = {weight};
    define_folded_parameter(weight_name, graph, {weight}, ctx,
                            [&] { return (value(1) * folded().weight_scale).to(at::kFloat); });
    define_folded_parameter(bias_name, graph, shifts, ctx,
                            [&] { return folded().bias.to(at::kFloat); });
    define_unit(weight_name, ctx, [&] { return folded().weight_scale.to(at::kFloat); });
  }
  return {variable_of(graph, weight_name, *ctx.parameters),
          variable_of(graph, bias_name, *ctx.parameters)};
}

}  // namespace octet
