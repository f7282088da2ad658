#include "octet/kernels/solver_updates.h"

#include <cmath>

namespace octet::kernels {

namespace {

// Calls rule(piece), a loop that the compiler makes vectors of.
template <class Rule>
void for_pieces(ParameterPieces pieces, const Rule& rule) {
#pragma omp parallel for if (pieces.size() > 1)
  for (size_t i = 0; i < pieces.size(); ++i) rule(pieces[i]);
}

}  // namespace

void update_sgd(ParameterPieces pieces, float rate) {
  for_pieces(pieces, [rate](const ParameterPiece& piece) {
    float* w = piece.value;
    const float* g = piece.gradient;
#pragma omp simd
    for (int64_t i = 0; i < piece.count; ++i) w[i] -= rate * g[i];
  });
}

void update_momentum(ParameterPieces pieces, float rate, float kept) {
  for_pieces(pieces, [=](const ParameterPiece& piece) {
    float *w = piece.value, *v = piece.states[0];
    const float* g = piece.gradient;
#pragma omp simd
    for (int64_t i = 0; i < piece.count; ++i) {
      v[i] = kept * v[i] + rate * g[i];
      w[i] -= v[i];
    }
  });
}

void update_nesterov(ParameterPieces pieces, float rate, float kept) {
  for_pieces(pieces, [=](const ParameterPiece& piece) {
    float *w = piece.value, *v = piece.states[0];
    const float* g = piece.gradient;
#pragma omp simd
    for (int64_t i = 0; i < piece.count; ++i) {
      const float move = rate * g[i];
      v[i] = kept * v[i] - move;
      w[i] = w[i] + kept * v[i] - move;
    }
  });
}

void update_rmsprop(ParameterPieces pieces, float rate, RunningRate squares, float eps) {
  for_pieces(pieces, [=](const ParameterPiece& piece) {
    float *w = piece.value, *v = piece.states[0];
    const float* g = piece.gradient;
#pragma omp simd
    for (int64_t i = 0; i < piece.count; ++i) {
      v[i] = squares.kept * v[i] + squares.taken * g[i] * g[i];
      w[i] -= rate * g[i] / (std::sqrt(v[i]) + eps);
    }
  });
}

void update_adam(ParameterPieces pieces, std::span<const float> rates, RunningRate means,
                 RunningRate squares, float eps) {
  for_pieces(pieces, [=](const ParameterPiece& piece) {
    float *w = piece.value, *m = piece.states[0], *v = piece.states[1];
    const float* g = piece.gradient;
    const float rate = rates[piece.parameter];
#pragma omp simd
    for (int64_t i = 0; i < piece.count; ++i) {
      m[i] = means.kept * m[i] + means.taken * g[i];
      v[i] = squares.kept * v[i] + squares.taken * g[i] * g[i];
      w[i] -= rate * m[i] / (std::sqrt(v[i]) + eps);
    }
  });
}

}  // namespace octet::kernels
