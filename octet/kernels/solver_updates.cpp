#include "octet/kernels/solver_updates.h"

#include <algorithm>
#include <cmath>

namespace octet::kernels {

namespace {

// With a unit, rules work on copies of so many elements. These, what they come from and a state
// fill half of a usual first-level cache.
constexpr int64_t kBlock = 1024;

// The unit of each element of a block, and what its value is divided by.
struct UnitBlock {
  alignas(64) float unit[kBlock];
  alignas(64) float divisor[kBlock];
};

// For the elements `first` and on of a parameter.
void fill_units(UnitBlock& block, const ParameterUnit& unit, int64_t first, int64_t count) {
  int64_t index = first / unit.inner % unit.extent;
  if (unit.inner == 1) {
    for (int64_t i = 0; i < count; index = 0) {
      const int64_t run = std::min(unit.extent - index, count - i);
      std::copy_n(unit.values + index, run, block.unit + i);
      i += run;
    }
  } else {
    int64_t passed = first % unit.inner;  // of this index
    for (int64_t i = 0; i < count; passed = 0) {
      const int64_t run = std::min(unit.inner - passed, count - i);
      std::fill_n(block.unit + i, run, unit.values[index]);
      i += run;
      index = index + 1 == unit.extent ? 0 : index + 1;
    }
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) block.divisor[i] = block.unit[i] == 0 ? 1 : block.unit[i];
}

// Calls action(begin, count, units) for the blocks of a piece that has a unit.
template <class Action>
void for_blocks(const ParameterPiece& piece, const Action& action) {
  UnitBlock units;
  for (int64_t begin = 0; begin < piece.count; begin += kBlock) {
    const int64_t count = std::min(kBlock, piece.count - begin);
    fill_units(units, piece.unit, piece.first + begin, count);
    action(begin, count, units);
  }
}

// rule(piece) on what the piece is without its unit.
template <class Rule>
void without_unit(const ParameterPiece& piece, const Rule& rule) {
  alignas(64) float value[kBlock], gradient[kBlock];
  for_blocks(piece, [&](int64_t begin, int64_t count, const UnitBlock& units) {
    float* w = piece.value + begin;
    const float* g = piece.gradient + begin;
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      value[i] = w[i] / units.divisor[i];
      gradient[i] = g[i] * units.unit[i];
    }
    ParameterPiece block{.parameter = piece.parameter,
                         .first = piece.first + begin,
                         .count = count,
                         .value = value,
                         .gradient = gradient};
    for (size_t s = 0; s < piece.states.size(); ++s) {
      if (piece.states[s] != nullptr) block.states[s] = piece.states[s] + begin;
    }
    rule(block);
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      w[i] = units.unit[i] == 0 ? w[i] : value[i] * units.unit[i];
    }
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

void add_decay(const ParameterPiece& piece, float decay) {
  const float* w = piece.value;
  float* g = piece.gradient;
#pragma omp simd
  for (int64_t i = 0; i < piece.count; ++i) g[i] += decay * w[i];
}

void add_decay_in_units(const ParameterPiece& piece, float decay) {
  for_blocks(piece, [&](int64_t begin, int64_t count, const UnitBlock& units) {
    const float* w = piece.value + begin;
    float* g = piece.gradient + begin;
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      g[i] += decay * (w[i] / units.divisor[i] / units.divisor[i]);
    }
  });
}

}  // namespace

void add_weight_decay(ParameterPieces pieces, float decay) {
#pragma omp parallel for if (pieces.size() > 1)
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].unit.values == nullptr) {
      add_decay(pieces[i], decay);
    } else {
      add_decay_in_units(pieces[i], decay);
    }
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
