#include "octet/train/parameter_pieces.h"

#include <ATen/ATen.h>

#include <algorithm>

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

}  // namespace

std::vector<kernels::ParameterPiece> parameter_pieces(
    const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& gradients,
    const std::vector<std::vector<at::Tensor>>& states) {
  std::vector<kernels::ParameterPiece> pieces;
  for (size_t i = 0; i < values.size(); ++i) {
    bool plain = is_plain(values[i], values[i]) && is_plain(gradients[i], values[i]);
    for (const auto& state : states) plain = plain && is_plain(state[i], values[i]);
    if (!plain) return {};
    const int64_t elements = values[i].numel();
    for (int64_t begin = 0; begin < elements; begin += kElements) {
      kernels::ParameterPiece piece{.parameter = i,
                                    .count = std::min(kElements, elements - begin),
                                    .value = values[i].data_ptr<float>() + begin,
                                    .gradient = gradients[i].data_ptr<float>() + begin};
      for (size_t s = 0; s < states.size(); ++s) {
        piece.states[s] = states[s][i].data_ptr<float>() + begin;
      }
      pieces.push_back(piece);
    }
  }
  return pieces;
}

}  // namespace octet
