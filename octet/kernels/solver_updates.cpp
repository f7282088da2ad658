#include "octet/kernels/solver_updates.h"

#include <algorithm>
#include <cmath>

namespace octet::kernels {

namespace {

// Calls action(begin, count, units) for the blocks of a piece that has a unit.
template <class Action>
void for_blocks(const ParameterPiece& piece, const Action& action) {
  UnitBlock units;
  for (int64_t begin = 0; begin < piece.count; begin += kUnitBlock) {
    const int64_t count = std::min(kUnitBlock, piece.count - begin);
    fill_units(units, piece.unit, piece.first + begin, count);
    action(begin, count, units);
  }
}

// rule(piece) on what the piece is without its unit.
template <class Rule>
void without_unit(const ParameterPiece& piece, const Rule& rule) {
  alignas(64) float value[kUnitBlock], gradient[kUnitBlock];
  for_blocks(piece, [&](int64_t begin, int64_t count, const UnitBlock& units) {
    take_unit(units, count, piece.value + begin, piece.gradient + begin, value, gradient);
    ParameterPiece block{.parameter = piece.parameter,
                         .first = piece.first + begin,
                         .count = count,
                         .value = value,
                         .gradient = gradient};
    for (size_t s = 0; s < piece.states.size(); ++s) {
      if (piece.states[s] != nullptr) block.states[s] = piece.states[s] + begin;
    }
    rule(block);
    give_unit(units, count, value, piece.value + begin);
  });
}

// Calls rule(piece), a loop that the compiler makes vectors of.
template <class Rule>
void for_pieces(ParameterPieces pieces, const Rule& rule) {
#pragma omp parallel for if (pieces.size() > 1)
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].unit.values == nullptr) {
      rule(pieces[i]);
    } else {
      without_unit(pieces[i], rule);
    }
  }
}

// g += decay * w
void add_scaled(float* g, const float* w, int64_t count, float decay) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) g[i] += decay * w[i];
}

}  // namespace

void add_weight_decay(ParameterPieces pieces, float decay) {
#pragma omp parallel for if (pieces.size() > 1)
  for (size_t i = 0; i < pieces.size(); ++i) {
    const ParameterPiece& piece = pieces[i];
    if (piece.unit.values == nullptr) {
      add_scaled(piece.gradient, piece.value, piece.count, decay);
      continue;
    }
    for_blocks(piece, [&](int64_t begin, int64_t count, const UnitBlock& units) {
      alignas(64) float quotients[kUnitBlock];
      divide_by_units(units, count, piece.value + begin, quotients);
      add_scaled(piece.gradient + begin, quotients, count, decay);
    });
  }
}

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

void update_adam(ParameterPieces pieces, std::span<const AdamRate> rates, RunningRate means,
                 RunningRate squares, float eps) {
  for_pieces(pieces, [=](const ParameterPiece& piece) {
    float *w = piece.value, *m = piece.states[0], *v = piece.states[1];
    const float* g = piece.gradient;
    const AdamRate r = rates[piece.parameter];
#pragma omp simd
    for (int64_t i = 0; i < piece.count; ++i) {
      m[i] = means.kept * m[i] + means.taken * g[i];
      v[i] = squares.kept * v[i] + squares.taken * g[i] * g[i];
      w[i] = r.kept * w[i] - r.rate * m[i] / (std::sqrt(v[i]) + eps);
    }
  });
}

}  // namespace octet::kernels
