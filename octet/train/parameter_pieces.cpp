#include "octet/train/parameter_pieces.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

namespace octet {

namespace {

// A value, its gradient and two states of a piece fill half of a usual second-level cache.
constexpr int64_t kElements = 1 << 14;

// The strides of dimensions with one element mean nothing.
bool in_one_order(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return false;
  for (int64_t i = 0; i < a.dim(); ++i) {
    if (a.size(i) > 1 && a.stride(i) != b.stride(i)) return false;
  }
  return true;
}

bool is_plain(const at::Tensor& tensor, const at::Tensor& value) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
         tensor.is_non_overlapping_and_dense() && in_one_order(tensor, value);
}

// Those with more than one element.
std::vector<int64_t> long_axes(const at::Tensor& tensor) {
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < tensor.dim(); ++i) {
    if (tensor.size(i) > 1) axes.push_back(i);
  }
  return axes;
}

// None if kernels cannot take it.
std::optional<kernels::ParameterUnit> unit_of_pieces(const at::Tensor& unit,
                                                     const at::Tensor& value) {
  if (!unit.defined()) return kernels::ParameterUnit{};
  if (!unit.device().is_cpu() || unit.scalar_type() != at::kFloat) return std::nullopt;
  const float* values = unit.data_ptr<float>();
  if (is_plain(unit, value)) return kernels::ParameterUnit{values, 1, unit.numel()};
  const std::vector<int64_t> axes = long_axes(unit);
  if (axes.empty()) return kernels::ParameterUnit{values, value.numel(), 1};
  // Axes count from the last one.
  const int64_t axis = axes[0] + value.dim() - unit.dim();
  if (axes.size() > 1 || unit.stride(axes[0]) != 1 || axis < 0) return std::nullopt;
  if (value.size(axis) != unit.size(axes[0])) return std::nullopt;
  return kernels::ParameterUnit{values, value.stride(axis), value.size(axis)};
}

}  // namespace

at::Tensor unit_for_pieces(const at::Tensor& unit, const at::Tensor& value) {
  if (!unit.defined() || is_plain(unit, value)) return unit;
  const std::vector<int64_t> axes = long_axes(unit);
  if (axes.empty() || (axes.size() == 1 && unit.stride(axes[0]) == 1)) return unit;
  return at::empty_like(value.detach(), unit.scalar_type()).copy_(unit);
}

std::vector<kernels::ParameterPiece> parameter_pieces(
    const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& gradients,
    const std::vector<at::Tensor>& units, const std::vector<std::vector<at::Tensor>>& states) {
  std::vector<kernels::ParameterPiece> pieces;
  for (size_t i = 0; i < values.size(); ++i) {
    bool plain = is_plain(values[i], values[i]) && is_plain(gradients[i], values[i]);
    for (const auto& state : states) plain = plain && is_plain(state[i], values[i]);
    const auto unit = unit_of_pieces(units[i], values[i]);
    if (!plain || !unit) return {};
    const int64_t elements = values[i].numel();
    for (int64_t begin = 0; begin < elements; begin += kElements) {
      kernels::ParameterPiece piece{.parameter = i,
                                    .first = begin,
                                    .count = std::min(kElements, elements - begin),
                                    .value = values[i].data_ptr<float>() + begin,
                                    .gradient = gradients[i].data_ptr<float>() + begin,
                                    .unit = *unit};
      for (size_t s = 0; s < states.size(); ++s) {
        piece.states[s] = states[s][i].data_ptr<float>() + begin;
      }
      pieces.push_back(piece);
    }
  }
  return pieces;
}

}  // namespace octet
