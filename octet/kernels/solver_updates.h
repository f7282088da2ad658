// One step of the solvers' rules (octet/train/) over the memory of all parameters, in one pass.
// Element by element, so that the results are the same for any number of threads.
//
// A parameter w with a unit u counts as v = w / u with the gradient g * u, in the rules and in the
// decay; the formulas below are those of v. Where u is 0, w rests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "octet/kernels/parameter_units.h"

namespace octet::kernels {

// A part of a parameter that stays in the cache while a rule works on it.
struct ParameterPiece {
  size_t parameter = 0;  // which of them
  int64_t first = 0;     // of the parameter's elements
  int64_t count = 0;     // elements
  float* value = nullptr;
  float* gradient = nullptr;
  std::array<float*, 2> states = {};  // what the rule keeps
  ParameterUnit unit = {};
};
using ParameterPieces = std::span<const ParameterPiece>;

// The gradient of the decay to g: g += decay * w, with a unit g += decay * v / u (and where u is 0
// as if it were 1; no rule looks there).
void add_weight_decay(ParameterPieces pieces, float decay);

// w -= rate * g
void update_sgd(ParameterPieces pieces, float rate);

// v = kept * v + rate * g; w -= v
void update_momentum(ParameterPieces pieces, float rate, float kept);

// v = kept * v - rate * g; w += kept * v - rate * g
void update_nesterov(ParameterPieces pieces, float rate, float kept);

// A mean that keeps `kept` of itself and takes `taken` of what is new.
struct RunningRate {
  float kept;
  float taken;
};

// v = mean of g^2; w -= rate * g / (sqrt(v) + eps)
void update_rmsprop(ParameterPieces pieces, float rate, RunningRate squares, float eps);

// What a parameter moves by, and what decay leaves of it; without decay 1.
struct AdamRate {
  float rate;
  float kept;
};

// m = mean of g; v = mean of g^2; w = kept * w - rate * m / (sqrt(v) + eps), with
// rates[parameter].
void update_adam(ParameterPieces pieces, std::span<const AdamRate> rates, RunningRate means,
                 RunningRate squares, float eps);

}  // namespace octet::kernels
