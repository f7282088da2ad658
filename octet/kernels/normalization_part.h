// The vector loops of normalization.h over one piece.
#pragma once

#include <cstdint>

#include "octet/kernels/normalization.h"
#include "octet/kernels/whole_multiples.h"

namespace octet::kernels {

// What the loops see of a piece: pointers to its first element and to the values of its first
// channel. `lanes` is 1 where all elements have one channel.
struct NormalizedPart {
  int64_t rows = 0, lanes = 1;
  const float* x = nullptr;
  const float* mean = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
  const float* slope = nullptr;
  const float* intercept = nullptr;
};

// A piece makes two sums for each lane, those of the first kind in front, as many of either as
// whole vectors hold; where all elements have one channel, the eight sums of a kind are to be added
// up.
inline int64_t summed_lanes(int64_t lanes) {
  return rounded_up(lanes, 8);
}

// Sums of x - x0 and of its square, with x0 the element of the channel in the first row.
void moment_sums(const NormalizedPart& part, float* sums);
// Sums of the incoming gradient g and of g * (x - mean).
void gradient_sums(const NormalizedPart& part, const Normalization::Incoming& incoming,
                   float* sums);
void normalize_part(const NormalizedPart& part, Activation activation, float* y, uint8_t* passes);
bool quantize_part(const NormalizedPart& part, const Requantization& output, float scale,
                   uint8_t* q, uint8_t* passes);
void input_gradient_part(const NormalizedPart& part, const Normalization::Incoming& incoming,
                         const Gradient& dx);

}  // namespace octet::kernels
