#include "octet/cli/quantization_noise.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"
#include "octet/quant/fake_quantize.h"
#include "octet/targets/quantized_value.h"

namespace octet::cli {

namespace {

// What passes call the integers of a value.
std::string quantized_name(const std::string& value) {
  return value + "_quantized";
}

}  // namespace

QuantizationNoise::QuantizationNoise(const Model& float_model, const Model& quantized_model)
    : float_model_(float_model),
      quantized_model_(quantized_model),
      integers_(integer_values(quantized_model.graph)) {
  const Graph& b = quantized_model.graph;
  for (const FunctionId id : b.topological_order(b.outputs())) {
    const Function& function = b.function(id);
    for (const VariableId output : function.outputs) values_[b.variable(output).name] = output;
    if (!function.name.empty()) layers_.emplace(function.name, function.outputs[0]);
    if (std::holds_alternative<QuantizeLinear>(function.attributes)) {
      quantized_from_[function.inputs[0]].push_back(function.outputs[0]);
    }
  }
  const Graph& a = float_model.graph;
  for (size_t i = 0; i < std::min(a.outputs().size(), b.outputs().size()); ++i) {
    add_match(a.outputs()[i], b.outputs()[i]);
  }
  for (const FunctionId id : a.topological_order(a.outputs())) {
    for (const VariableId output : a.function(id).outputs) match(output);
  }
}

void QuantizationNoise::match(VariableId value) {
  if (matches_.contains(value)) return;
  const Graph& a = float_model_.graph;
  const Variable& variable = a.variable(value);
  if (match_by_name(value, variable.name) || match_by_name(value, quantized_name(variable.name))) {
    return;
  }
  unmatched_.push_back({variable.name, type_of(value), reason_for(a.function(variable.producer))});
}

bool QuantizationNoise::match_by_name(VariableId value, const std::string& name) {
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  const auto quantized = quantized_from_.find(found->second);
  if (quantized == quantized_from_.end()) {
    add_match(value, found->second);
    return true;
  }
  // It may have several quantizers, of different scales.
  for (const VariableId integers : quantized->second) add_match(value, integers);
  return true;
}

void QuantizationNoise::add_match(VariableId value, VariableId counterpart) {
  Match match{value, counterpart, std::nullopt, {}};
  const auto integers = integers_.find(counterpart);
  if (integers != integers_.end()) match.qparams = integers->second;
  matches_[value].push_back(match);
}

std::string QuantizationNoise::reason_for(const Function& function) const {
  const auto layer = layers_.find(function.name);
  if (layer == layers_.end()) return "the quantized network has no value of this name";
  return fmt::format("layer '{}' gives '{}' in the quantized network", function.name,
                     quantized_model_.graph.variable(layer->second).name);
}

at::Tensor QuantizationNoise::real_value(const Match& match, const at::Tensor& tensor) const {
  if (!match.qparams) return tensor;
  const auto parameter = [&](VariableId id) {
    return constant_value(quantized_model_.graph, *quantized_model_.parameters, id);
  };
  const at::Tensor scale = parameter(match.qparams->scale);
  const at::Tensor zero_point = parameter(match.qparams->zero_point);
  if (!scale.defined() || !zero_point.defined()) return {};
  return dequantize_linear(tensor, scale.to(tensor.device()), zero_point.to(tensor.device()));
}

void QuantizationNoise::add(VariableId value, const at::Tensor& tensor,
                            const NamedValues& quantized) {
  const auto found = matches_.find(value);
  if (found == matches_.end()) return;
  std::erase_if(found->second, [&](Match& match) {
    const std::string& name = quantized_model_.graph.variable(match.counterpart).name;
    const auto other = quantized.find(name);
    const at::Tensor real =
        other == quantized.end() ? at::Tensor() : real_value(match, other->second);
    const bool fits = real.defined() && real.sizes() == tensor.sizes();
    if (fits) {
      match.ratio.add(tensor, real);
    } else {
      const std::string reason = !real.defined()
                                     ? fmt::format("'{}' has a scale that is computed", name)
                                     : fmt::format("it is {} here and {} in the quantized network",
                                                   to_string(Shape(tensor.sizes().vec())),
                                                   to_string(Shape(real.sizes().vec())));
      unmatched_.push_back({float_model_.graph.variable(value).name, type_of(value), reason});
    }
    return !fits;
  });
}

std::vector<LayerNoise> QuantizationNoise::layers() const {
  std::vector<LayerNoise> layers;
  for (const auto& [value, matches] : matches_) {
    for (const Match& match : matches) {
      layers.push_back({float_model_.graph.variable(value).name, type_of(value),
                        quantized_model_.graph.variable(match.counterpart).name, match.ratio});
    }
  }
  const auto rank = [](const LayerNoise& layer) {
    const double decibels = layer.ratio.decibels();
    return std::isnan(decibels) ? -HUGE_VAL : decibels;
  };
  std::stable_sort(layers.begin(), layers.end(),
                   [&](const LayerNoise& x, const LayerNoise& y) { return rank(x) < rank(y); });
  return layers;
}

std::string QuantizationNoise::type_of(VariableId value) const {
  const Graph& graph = float_model_.graph;
  return std::string(type_name(graph.function(graph.variable(value).producer).attributes));
}

}  // namespace octet::cli
