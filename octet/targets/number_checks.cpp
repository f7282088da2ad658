// What a target asks of the numbers of each pair: integer format, rounding, scale, zero point.
#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/targets/graph_checks.h"

namespace octet {
namespace {

using Findings = std::vector<Finding>;

template <class... Args>
void refuse(const CheckedLayer& layer, std::string_view rule, Findings& findings,
            fmt::format_string<Args...> format, Args&&... args) {
  findings.push_back({layer.id, layer.name(), std::string(rule),
                      fmt::format("target {}: {}", layer.in.rules.name,
                                  fmt::format(format, std::forward<Args>(args)...)),
                      true});
}

// Calls check(index, pair) for each input that has a pair.
template <class Check>
void for_each_pair(const CheckedLayer& layer, Check&& check) {
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    if (layer.inputs[i]) check(i, *layer.inputs[i]);
  }
}

bool takes_type(const CheckedLayer& layer, size_t index, DType dtype) {
  const TargetRules& rules = layer.in.rules;
  switch (dtype) {
    case DType::kInt8:
      return true;
    case DType::kUInt8:
      return rules.uint8;
    case DType::kInt16:
      return rules.int16;
    case DType::kInt32:
      return rules.int32_bias && layer.is_bias(index);
    default:
      return false;
  }
}

void check_format(const CheckedLayer& layer, Findings& findings) {
  const TargetRules& rules = layer.in.rules;
  if (rules.nnabla_functions) return;  // checked where it is quantized, in function_checks.cpp
  for_each_pair(layer, [&](size_t i, const QuantizedValue& pair) {
    const QuantFormat& format = pair.format;
    if (!takes_type(layer, i, format.dtype)) {
      refuse(layer, "integer-type", findings, "input '{}' is quantized to {}, which it cannot take",
             layer.input_name(i), to_string(format.dtype));
    } else if (!rules.fewer_bits && format.bits != full_format(format.dtype).bits) {
      refuse(layer, "bits", findings, "input '{}' is quantized to {} bits of {}",
             layer.input_name(i), format.bits, to_string(format.dtype));
    }
  });
}

void check_rounding(const CheckedLayer& layer, Findings& findings) {
  if (layer.in.rules.half_away) return;
  for_each_pair(layer, [&](size_t i, const QuantizedValue& pair) {
    if (pair.round_mode == RoundMode::HALF_TO_EVEN) return;
    refuse(layer, "rounding", findings, "input '{}' is rounded {}; it rounds HALF_TO_EVEN",
           layer.input_name(i), to_string(pair.round_mode));
  });
}

// Whether a constant source never meets the integer that narrow_range leaves out.
bool stays_narrow(const CheckedLayer& layer, const QuantizedValue& pair) {
  if (pair.quantize == kNoId) return true;
  const at::Tensor value = constant_value(layer.in.graph, layer.in.parameters, pair.source);
  const at::Tensor scale = constant_value(layer.in.graph, layer.in.parameters, pair.scale);
  if (!value.defined() || !scale.defined() || value.numel() == 0) return false;
  const double lowest = at::round(value / scale).min().item<double>();
  return lowest >= static_cast<double>(pair.format.qmin());
}

void check_narrow_range(const CheckedLayer& layer, Findings& findings) {
  if (layer.in.rules.narrow_range) return;
  for_each_pair(layer, [&](size_t i, const QuantizedValue& pair) {
    if (!pair.format.narrow_range || stays_narrow(layer, pair)) return;
    refuse(layer, "narrow-range", findings,
           "input '{}' is clamped to {}..{}; it clamps to the whole range of {}",
           layer.input_name(i), pair.format.qmin(), pair.format.qmax(),
           to_string(pair.format.dtype));
  });
}

void check_zero_point(const CheckedLayer& layer, Findings& findings) {
  for_each_pair(layer, [&](size_t i, const QuantizedValue& pair) {
    if (layer.in.rules.asymmetric && !layer.is_bias(i)) return;
    if (layer.in.rules.computed_scales) return;
    const at::Tensor zero = constant_value(layer.in.graph, layer.in.parameters, pair.zero_point);
    if (zero.defined() && at::all(zero == 0).item<bool>()) return;
    refuse(layer, "zero-point", findings, "the zero point of input '{}' is {}, not 0",
           layer.input_name(i),
           zero.defined() && zero.numel() == 1 ? fmt::format("{:g}", zero.item<double>())
                                               : "not always");
  });
}

void check_axis(const CheckedLayer& layer, Findings& findings) {
  const TargetRules& rules = layer.in.rules;
  for_each_pair(layer, [&](size_t i, const QuantizedValue& pair) {
    if (pair.axis == -1 || layer.is_bias(i) || rules.per_channel_activations) return;
    if (!layer.is_weight(i) || !rules.per_channel_weights) {
      refuse(layer, "per-channel", findings, "input '{}' has one scale per channel",
             layer.input_name(i));
    } else if (pair.axis != layer.weighted->output_axis) {
      refuse(layer, "per-channel", findings,
             "the scales of weight '{}' do not run along its output channels (axis {})",
             layer.input_name(i), layer.weighted->output_axis);
    }
  });
}

void check_scale(const CheckedLayer& layer, Findings& findings) {
  for_each_pair(layer, [&](size_t i, const QuantizedValue& pair) {
    const at::Tensor scale = constant_value(layer.in.graph, layer.in.parameters, pair.scale);
    if (!scale.defined()) {
      if (layer.in.rules.computed_scales || is_parameter(layer.in.graph, pair.scale)) return;
      refuse(layer, "scale", findings, "the scale of input '{}' is computed, not a constant",
             layer.input_name(i));
    } else if (!at::all(at::logical_and(scale > 0, at::isfinite(scale))).item<bool>()) {
      refuse(layer, "scale", findings, "a scale of input '{}' is not a positive number",
             layer.input_name(i));
    }
  });
}

// An integer kernel adds the bias to its accumulator as it is, whatever scale the file states.
void check_bias_scale(const CheckedLayer& layer, Findings& findings) {
  if (!layer.in.rules.quantized_biases || !layer.weighted || layer.inputs.size() < 3) return;
  if (!layer.inputs[0] || !layer.inputs[1] || !layer.inputs[2]) return;
  const auto scale_of = [&](size_t i) {
    return constant_value(layer.in.graph, layer.in.parameters, layer.inputs[i]->scale);
  };
  if (fits_accumulator(scale_of(2), scale_of(0), scale_of(1), layer.weighted->repeats)) return;
  refuse(layer, "bias-scale", findings,
         "the scale of bias '{}' is not the product of those of input and weight",
         layer.input_name(2));
}

}  // namespace

std::span<const LayerCheck> number_checks() {
  static constexpr LayerCheck kChecks[] = {check_format,     check_rounding, check_narrow_range,
                                           check_zero_point, check_axis,     check_scale,
                                           check_bias_scale};
  return kChecks;
}

}  // namespace octet
