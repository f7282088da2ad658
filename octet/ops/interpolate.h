// Resizes the last dimensions (with channel_last: those before the channels) to output_size.
//
// Output position o of m reads the input of extent n at
//   align_corners   o (n - 1) / (m - 1)
//   half_pixel      max((o + 0.5) n / m - 0.5, 0)
//   neither         o n / m
// where align_corners with half_pixel uses the scale of the one in the formula of the other, and a
// single output position reads position 0. "linear" weighs the two neighbours of that position;
// "nearest" takes the one below it, or with half_pixel_for_nn the one below (o + 0.5) n / m.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Interpolate {
  OCTET_ATTRIBUTES(Interpolate, output_size, mode, align_corners, half_pixel, half_pixel_for_nn,
                   channel_last)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList output_size = {};     // 1 to 3 extents
  std::string mode = "linear";  // or "nearest"
  bool align_corners = false;
  bool half_pixel = false;
  bool half_pixel_for_nn = false;
  bool channel_last = false;
};

}  // namespace octet
