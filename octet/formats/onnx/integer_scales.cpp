#include "octet/formats/onnx/integer_scales.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "octet/ops/scalar_types.h"
#include "octet/passes/integer_functions.h"
#include "octet/targets/integer_values.h"

namespace octet {
namespace {

// Values whose integers are those of their input, or a part of them.
bool passes_integers(const Function& function) {
  return moves_values(function.attributes) ||
         std::holds_alternative<Maximum2>(function.attributes) ||
         std::holds_alternative<Minimum2>(function.attributes);
}

// The number next to `guess` that `fits`, or NaN. Two roundings leave a guess so far off at most.
template <class Fits>
float nearby(double guess, const Fits& fits) {
  constexpr int kFarthest = 4;
  auto up = static_cast<float>(guess);
  float down = up;
  for (int i = 0; i <= kFarthest; ++i) {
    if (fits(up)) return up;
    if (fits(down)) return down;
    up = std::nextafter(up, std::numeric_limits<float>::infinity());
    down = std::nextafter(down, 0.0F);
  }
  return std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

at::Tensor weight_scale(float x, const at::Tensor& m, float y) {
  at::Tensor scales = m.detach().to(at::kCPU, at::kFloat).flatten().clone();
  for (int64_t i = 0; i < scales.numel(); ++i) {
    float& scale = scales.data_ptr<float>()[i];
    const float wanted = scale;
    scale = nearby(static_cast<double>(wanted) * y / x,
                   [&](float w) { return w > 0 && x * w / y == wanted; });
    if (std::isnan(scale)) return {};
  }
  return scales;
}

std::optional<float> output_scale(float x, float m) {
  const float scale =
      nearby(static_cast<double>(x) / m, [&](float y) { return y > 0 && x / y == m; });
  return std::isnan(scale) ? std::nullopt : std::optional(scale);
}

at::Tensor IntegerScales::in_rank_of(VariableId value, float number) const {
  return at::full(std::vector<int64_t>(graph_.variable(value).type.shape.size(), 1), number,
                  at::kFloat);
}

VariableId IntegerScales::scale_of(VariableId q) {
  if (const VariableId made = made_with(q).first; made != kNoId) return made;
  const auto [entry, inserted] = chosen_.try_emplace(q, kNoId);
  if (inserted) {
    entry->second =
        add_parameter(graph_.variable(q).name + "/scale", in_rank_of(q, told(q).value_or(1.0F)));
  }
  return entry->second;
}

VariableId IntegerScales::zero_point_of(VariableId q, float zero_point) {
  const VariableId made = made_with(q).second;
  if (made != kNoId && patterns_.number(made) == zero_point) return made;
  const auto [entry, inserted] = zero_points_.try_emplace({q, zero_point}, kNoId);
  if (inserted) {
    entry->second =
        add_parameter(graph_.variable(q).name + "/zero_point", in_rank_of(q, zero_point));
  }
  return entry->second;
}

// Of the QuantizeLinear or integer function that gives them, perhaps in front of what moves them.
std::pair<VariableId, VariableId> IntegerScales::made_with(VariableId q) const {
  const auto numbers = [&](const Function& function, size_t scale) {
    const VariableId z = function.inputs[scale + 1];
    const bool known = patterns_.number(function.inputs[scale]) && patterns_.number(z);
    return known ? std::pair{function.inputs[scale], z} : std::pair{kNoId, kNoId};
  };
  while (graph_.variable(q).producer != kNoId) {
    const Function& function = graph_.function(graph_.variable(q).producer);
    if (std::holds_alternative<QuantizeLinear>(function.attributes)) {
      return numbers(function, 1);
    }
    for (size_t i = 0; is_integer_function(function.attributes) && i < function.inputs.size();
         ++i) {
      if (input_spec(function.attributes, i).name != "y_scale") continue;
      return numbers(function, i);
    }
    if (!passes_integers(function)) break;
    q = function.inputs[0];
  }
  return {kNoId, kNoId};
}

std::optional<float> IntegerScales::told(VariableId q) const {
  std::vector<VariableId> values{q};
  for (size_t i = 0; i < values.size(); ++i) {
    const auto note = notes_.find(graph_.variable(values[i]).name);
    if (note != notes_.end()) return note->second;
    if (values[i] >= known_) continue;
    for (const Use& use : uses_.of(values[i])) {
      const Function& reader = graph_.function(use.function);
      if (reader.erased) continue;
      if (const auto scale = told_by(use.function, values[i])) return scale;
      if (passes_integers(reader) && use.input_index == 0) {
        values.insert(values.end(), reader.outputs.begin(), reader.outputs.end());
      }
    }
  }
  return std::nullopt;
}

std::optional<float> IntegerScales::told_by(FunctionId reader, VariableId q) const {
  for (const auto& [value, qparams] : integer_inputs(graph_, reader)) {
    if (value == q) return patterns_.number(qparams.scale);
  }
  // A Cast, behind it a Mul, perhaps with a Sub in between.
  std::vector<VariableId> values{graph_.output_of(reader)};
  if (patterns_.cast_of(values[0], DType::kFloat32) != q) return std::nullopt;
  for (size_t i = 0; i < values.size(); ++i) {
    for (const Use& use : uses_.of(values[i])) {
      if (graph_.function(use.function).erased) continue;
      const VariableId output = graph_.output_of(use.function);
      const auto real = patterns_.real(output);
      if (real && real->integers.q == q) return real->scale.item<float>();
      if (i == 0 && patterns_.centred(output, DType::kFloat32)) values.push_back(output);
    }
  }
  return std::nullopt;
}

VariableId IntegerScales::add_parameter(const std::string& name, const at::Tensor& value) {
  std::string free = name;
  for (int suffix = 1; graph_.find_variable(free) != kNoId; ++suffix) {
    free = fmt::format("{}_{}", name, suffix);
  }
  parameters_.set(free, value.contiguous(), /*need_grad=*/false);
  return graph_.add_parameter(free,
                              {dtype_of(value.scalar_type()), Shape(value.sizes().vec()), {}});
}

}  // namespace octet
