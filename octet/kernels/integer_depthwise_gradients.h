// The backward pass of a depthwise convolution of integers in one go: from the gradient of its
// integers to those of x, the weights and the bias. x is read as bytes, gradients as they come; all
// sums are float32, and nothing but the gradient of x is rounded on its way.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/gradient.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

class IntegerDepthwiseGradients {
 public:
  // Channels last on both sides, by sixteens, one of x for each of y.
  static bool fits(const ConvolutionShape& shape, Layout in, Layout out);
  explicit IntegerDepthwiseGradients(const ConvolutionShape& shape);

  struct Operands {
    const void* x = nullptr;  // int8 if `is_signed`, else uint8
    bool is_signed = true;
    int32_t x_zero_point = 0;
    // The gradient of the sums is passes ? dy * multiplier[channel] : 0. `multiplier` has one value
    // or one for each channel; without `passes`, which lie as layout.h says, every gradient passes.
    Gradient dy;
    const uint8_t* passes = nullptr;
    std::span<const float> multiplier;
    const float* weights = nullptr;  // (channels, 1, kernel_h, kernel_w)
  };
  // Of what run() needs at `scratch`, aligned to 64 bytes.
  int64_t scratch_bytes() const;
  // dw: as the weights, dbias: (channels). Null where they are not wanted. The order of the sums
  // does not depend on the number of threads.
  void run(const Operands& operands, const Gradient& dx, float* dw, float* dbias,
           void* scratch) const;

 private:
  struct Places;

  ConvolutionShape shape_;
  int threads_;
};

}  // namespace octet::kernels
