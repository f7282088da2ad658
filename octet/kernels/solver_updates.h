// One step of the solvers' rules (octet/train/) over the memory of all parameters, in one pass.
// Element by element, so that the results are the same for any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace octet::kernels {

// A part of a parameter that stays in the cache while a rule works on it.
struct ParameterPiece {
  size_t parameter = 0;  // which of them
  int64_t count = 0;     // elements
  float* value = nullptr;
  const float* gradient = nullptr;
  std::array<float*, 2> states = {};  // what the rule keeps
};
using ParameterPieces = std::span<const ParameterPiece>;

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

// m = mean of g; v = mean of g^2; w -= rates[parameter] * m / (sqrt(v) + eps)
void update_adam(ParameterPieces pieces, std::span<const float> rates, RunningRate means,
                 RunningRate squares, float eps);

}  // namespace octet::kernels
