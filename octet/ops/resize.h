// Resizes the last dimensions of x as ONNX's Resize does, each on its own. (Interpolate has the
// rules of .nnp files.)
//
// output_size: the new extents m of the last dimensions; scales: empty, or the factor s of each,
// where it is not m / n of the extent n (ONNX's scales with m = floor(n s)). Output position o
// reads, by coordinate_transformation_mode, position p:
//   half_pixel             (o + 0.5) / s - 0.5
//   pytorch_half_pixel     likewise, but 0 if m = 1
//   half_pixel_symmetric   likewise, moved so that both borders are cut alike if n s is no integer
//   tf_half_pixel_for_nn   (o + 0.5) / s
//   asymmetric             o / s
//   align_corners          o (n - 1) / (n s - 1), 0 if m = 1
//   tf_crop_and_resize     a (n - 1) + o (b - a) (n - 1) / (m - 1), the middle of a and b if m = 1
// with a and b of `roi`: the a of each dimension, then the b of each. There, a position outside of
// the image gives extrapolation_value. Anywhere else the nearest border repeats.
//
// mode "nearest" takes the value at p rounded by nearest_mode: "round_prefer_floor" (halves down),
// "round_prefer_ceil" (halves up), "floor" or "ceil"; any element type. "linear" and "cubic"
// (floats) weigh 2 and 4 neighbours; cubic_coeff_a is the a of Keys, 1981, "Cubic convolution
// interpolation for digital image processing". exclude_outside leaves neighbours outside of the
// image out of the 4 and scales up the weights of the others.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Resize {
  OCTET_ATTRIBUTES(Resize, output_size, scales, roi, mode, coordinate_transformation_mode,
                   nearest_mode, cubic_coeff_a, exclude_outside, extrapolation_value)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList output_size = {};
  std::vector<float> scales = {};
  std::vector<float> roi = {};
  std::string mode = "nearest";
  std::string coordinate_transformation_mode = "half_pixel";
  std::string nearest_mode = "round_prefer_floor";
  float cubic_coeff_a = -0.75F;
  bool exclude_outside = false;
  float extrapolation_value = 0.0F;
};

}  // namespace octet
