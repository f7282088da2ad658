#include "octet/targets/check_qparams.h"

#include <ATen/ATen.h>

#include <limits>
#include <set>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/passes/constant_values.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/share_qparams.h"
#include "octet/quant/scale.h"
#include "octet/targets/integer_values.h"
#include "octet/targets/quantized_value.h"

namespace octet {
namespace {

// The first warning of a kind, and how many there are.
struct Warning {
  std::string first;
  int64_t count = 0;

  void add(std::string text) {
    if (count++ == 0) first = std::move(text);
  }
  void report(const std::string& path) const {
    if (count == 0) return;
    log_warning("[{}] {}{}", path, first,
                count > 1 ? fmt::format(" (and {} more like it)", count - 1) : "");
  }
};

class QParamsCheck {
 public:
  QParamsCheck(const Graph& graph, const ParameterStore& parameters, const std::string& path)
      : graph_(graph),
        parameters_(parameters),
        path_(path),
        integers_(integer_values(graph)),
        constants_(graph, graph.topological_order(graph.outputs())) {}

  void check_numbers() {
    for (const auto& [value, qparams] : integers_) {
      check_scale_of(value, qparams.scale);
      check_zero_point(value, qparams.zero_point);
    }
    for_each_reader([&](FunctionId, VariableId value, const IntegerQParams& read) {
      check_scale_of(value, read.scale);
      check_zero_point(value, read.zero_point);
    });
    for (const FunctionId id : order()) {
      const Function& function = graph_.function(id);
      for (size_t i = 0; i < function.inputs.size(); ++i) {
        const bool of_weight = input_spec(function.attributes, i).name == "w_scale";
        if (of_weight) check_scale_of(function.inputs[i - 1], function.inputs[i]);
      }
    }
  }

  // What made the integers decides; a reader may see them otherwise.
  void warn_of_other_readers() {
    Warning warning;
    for_each_reader([&](FunctionId id, VariableId value, const IntegerQParams& read) {
      const IntegerQParams& made = integers_.at(value);
      if (same(made.scale, read.scale) && same(made.zero_point, read.zero_point)) return;
      warning.add(fmt::format("'{}' is made with {} and read by {} with {}: their numbers differ",
                              graph_.variable(value).name, describe(made), graph_.display_name(id),
                              describe(read)));
    });
    warning.report(path_);
  }

  void warn_of_biases() {
    Warning warning;
    for (const FunctionId id : order()) {
      const auto layer = weighted_layer(graph_, id);
      const std::vector<VariableId>& inputs = graph_.function(id).inputs;
      if (!layer || !layer->has_bias || inputs.size() < 3) continue;
      const at::Tensor x = scale_of_pair(inputs[0]);
      const at::Tensor w = scale_of_pair(inputs[1]);
      const at::Tensor b = scale_of_pair(inputs[2]);
      if (fits_accumulator(b, x, w, layer->repeats)) continue;
      warning.add(fmt::format(
          "the bias of {} has the scale {:g}, and its input and weight have {:g} together: integer "
          "arithmetic would add it as it is",
          graph_.display_name(id), first(b), first(bias_scale(x, w))));
    }
    warning.report(path_);
  }

  void warn_of_unshared() {
    Warning warning;
    for (const FunctionId id : order()) {
      const Function& function = graph_.function(id);
      const bool integer = std::holds_alternative<QuantizedAdd2>(function.attributes) ||
                           std::holds_alternative<QuantizedConcatenate>(function.attributes);
      if (!integer && !joins_values(function.attributes)) continue;
      const std::vector<at::Tensor> scales =
          integer ? integer_scales(id) : dequantized_scales(function);
      for (size_t i = 1; i < scales.size(); ++i) {
        if (at::equal(scales[0], scales[i])) continue;
        warning.add(fmt::format(
            "the operands of {} have the scales {:g} and {:g}, where conversion gives them one",
            graph_.display_name(id), first(scales[0]), first(scales[i])));
        break;
      }
    }
    warning.report(path_);
  }

 private:
  std::vector<FunctionId> order() const { return graph_.topological_order(graph_.outputs()); }

  at::Tensor constant(VariableId id) const {
    const at::Tensor value = constant_value(graph_, parameters_, id);
    return value.defined() ? value.to(at::kCPU, at::kFloat).flatten() : value;
  }

  static double first(const at::Tensor& values) { return values[0].item<double>(); }

  // Calls visit(function, integers, qparams) for each input that integers come in by.
  template <class Visit>
  void for_each_reader(Visit&& visit) const {
    for (const FunctionId id : order()) {
      for (const auto& [value, qparams] : integer_inputs(graph_, id)) visit(id, value, qparams);
    }
  }

  void check_scale_of(VariableId value, VariableId scale) {
    const at::Tensor numbers = constant(scale);
    if (!numbers.defined() || !checked_.insert({value, scale}).second) return;
    const at::Tensor good = at::logical_and(numbers > 0, at::isfinite(numbers));
    if (good.all().item<bool>()) return;
    const at::Tensor bad = numbers.index({good.logical_not()});
    throw_file_error(path_, "the scale '{}' of '{}' is {}, not a positive number",
                     graph_.variable(scale).name, graph_.variable(value).name, first(bad));
  }

  void check_zero_point(VariableId value, VariableId zero_point) {
    const at::Tensor numbers = constant(zero_point);
    const DType dtype = graph_.variable(value).type.dtype;
    const bool small = dtype == DType::kInt8 || dtype == DType::kUInt8;
    if (!numbers.defined() || !small || !checked_.insert({value, zero_point}).second) return;
    const QuantFormat format = full_format(dtype);
    const at::Tensor good =
        at::logical_and(numbers.eq(numbers.round()),
                        at::logical_and(numbers >= static_cast<double>(format.qmin()),
                                        numbers <= static_cast<double>(format.qmax())));
    if (good.all().item<bool>()) return;
    const at::Tensor bad = numbers.index({good.logical_not()});
    throw_file_error(path_, "the zero point '{}' of '{}' is {}, no integer of {} ({} to {})",
                     graph_.variable(zero_point).name, graph_.variable(value).name, first(bad),
                     to_string(dtype), format.qmin(), format.qmax());
  }

  bool same(VariableId a, VariableId b) const {
    if (a == b) return true;
    const at::Tensor x = constant(a);
    const at::Tensor y = constant(b);
    // What is computed is not known here.
    return !x.defined() || !y.defined() || nearly_equal(x, y) ||
           (x.numel() != y.numel() && (x.numel() == 1 || y.numel() == 1) &&
            x.eq(y).all().item<bool>());
  }

  // Up to the rounding of what multiplied or divided them.
  static bool nearly_equal(const at::Tensor& x, const at::Tensor& y) {
    constexpr double kRounding = 4 * std::numeric_limits<float>::epsilon();
    return x.sizes() == y.sizes() && at::allclose(x, y, kRounding, /*atol=*/0);
  }

  std::string describe(const IntegerQParams& qparams) const {
    const at::Tensor scale = constant(qparams.scale);
    const at::Tensor zero_point = constant(qparams.zero_point);
    if (!scale.defined() || !zero_point.defined()) return "a computed scale";
    return fmt::format("scale {:g} and zero point {:g}", first(scale), first(zero_point));
  }

  at::Tensor scale_of_pair(VariableId value) const {
    const auto pair = quantized_value(graph_, value);
    return pair ? constant(pair->scale) : at::Tensor();
  }

  // Those of activations of 8 bits, per tensor: a constant operand has its own, an accumulator too.
  void add_scale(VariableId integers, VariableId scale, std::vector<at::Tensor>& scales) const {
    const FunctionId producer = graph_.variable(integers).producer;
    if (producer == kNoId || constants_.contains(graph_.function(producer).inputs[0])) return;
    if (graph_.variable(integers).type.dtype == DType::kInt32) return;
    const at::Tensor numbers = constant(scale);
    if (numbers.defined() && numbers.numel() == 1) scales.push_back(numbers);
  }

  std::vector<at::Tensor> dequantized_scales(const Function& function) const {
    std::vector<at::Tensor> scales;
    for (const VariableId input : function.inputs) {
      const FunctionId producer = graph_.variable(input).producer;
      if (producer == kNoId) continue;
      const Function& made = graph_.function(producer);
      if (!std::holds_alternative<DequantizeLinear>(made.attributes)) continue;
      add_scale(made.inputs[0], made.inputs[1], scales);
    }
    return scales;
  }

  std::vector<at::Tensor> integer_scales(FunctionId id) const {
    std::vector<at::Tensor> scales;
    for (const auto& [value, qparams] : integer_inputs(graph_, id)) {
      add_scale(value, qparams.scale, scales);
    }
    return scales;
  }

  const Graph& graph_;
  const ParameterStore& parameters_;
  const std::string& path_;
  std::map<VariableId, IntegerQParams> integers_;
  ConstantValues constants_;
  std::set<std::pair<VariableId, VariableId>> checked_;
};

}  // namespace

void check_qparams(const Graph& graph, const ParameterStore& parameters, const std::string& path,
                   bool converted_here) {
  QParamsCheck check(graph, parameters, path);
  check.check_numbers();
  check.warn_of_other_readers();
  check.warn_of_biases();
  if (converted_here) check.warn_of_unshared();
}

}  // namespace octet
