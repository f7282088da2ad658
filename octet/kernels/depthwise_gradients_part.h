// What a thread of IntegerDepthwiseGradients does: an image and some of its channels.
//
// It goes down the rows of y. The gradient of each row is masked and scaled into a ring of rows of
// floats, and so are the rows of x that its windows reach; both as (sixteen channels, column,
// channel), with zeros beside the image, so that no loop has to look where it is. Then the row adds
// to the gradients of the weights, and the rows of x that no later row of y reaches are finished.
#pragma once

#include <cstdint>

#include "octet/kernels/integer_depthwise_gradients.h"

namespace octet::kernels {

inline constexpr int64_t kDepthwiseGroup = 16;  // channels whose columns lie side by side

// The rings of parts of up to `channels` channels, in floats. `front` columns lie in front of the
// first of a row of x, and of y.
struct DepthwiseRings {
  DepthwiseRings(const ConvolutionShape& shape, int64_t channels);

  int64_t channels;
  int64_t x_columns, x_front, x_rows;
  int64_t y_columns, y_front, y_rows;
  int64_t dx_columns;
  int64_t x_row() const { return channels * x_columns; }
  int64_t y_row() const { return channels * y_columns; }
  // Behind the rings: a row of zeros, and the row of the gradient of x.
  int64_t zeros() const { return x_rows * x_row() + y_rows * y_row(); }
  int64_t dx_row() const { return zeros() + (x_row() > y_row() ? x_row() : y_row()); }
  int64_t size() const { return dx_row() + channels * dx_columns; }
};

struct DepthwisePart {
  int64_t image = 0, channel = 0, channels = 0;
};

// weights: (taps, channels of the layer); multiplier: one for each channel. sums: (taps + 1,
// rings.channels), the gradients of the weights and the bias; or null. memory: rings.size() floats.
void depthwise_gradients_part(const ConvolutionShape& shape,
                              const IntegerDepthwiseGradients::Operands& operands,
                              const DepthwisePart& part, const DepthwiseRings& rings,
                              const float* weights, const float* multiplier, const Gradient& dx,
                              float* sums, float* memory);

}  // namespace octet::kernels
