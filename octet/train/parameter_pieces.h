// The parameters of an update, cut into pieces that stay in the cache while a rule works on them:
// one pass over the memory of all parameters, by all threads, whatever their sizes.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

namespace octet {

struct ParameterPiece {
  size_t parameter = 0;  // which of them
  int64_t count = 0;     // elements
  float* value = nullptr;
  const float* gradient = nullptr;
  std::array<float*, 2> states = {};
};

// states: [state][parameter], at most two. Empty unless all tensors are float32 in the memory of
// the CPU, each parameter's in one order without gaps.
std::vector<ParameterPiece> parameter_pieces(const std::vector<at::Tensor>& values,
                                             const std::vector<at::Tensor>& gradients,
                                             const std::vector<std::vector<at::Tensor>>& states);

// Calls rule(piece) for all of them; false if there are none. The results of a rule that works
// element by element do not depend on the number of threads.
template <class Rule>
bool update_pieces(const std::vector<ParameterPiece>& pieces, const Rule& rule) {
#pragma omp parallel for if (pieces.size() > 1)
  for (size_t i = 0; i < pieces.size(); ++i) rule(pieces[i]);
  return !pieces.empty();
}

}  // namespace octet
