// The backward pass of a layer of integers in one go: from the gradient of its integers to those of
// x, the weights and the bias. x is read as bytes, gradients as they come, and what the kernels
// need of both is made where the caches still hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/gradient.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

class IntegerLayerGradients {
 public:
  struct Operands {
    const void* x = nullptr;  // int8 if `is_signed`, else uint8
    bool is_signed = true;
    int32_t x_zero_point = 0;
    // The gradient of the sums is passes ? dy * multiplier[channel] : 0. `multiplier` has one value
    // or one for each channel; without `passes`, which lie as layout.h says, every gradient passes.
    Gradient dy;
    const uint8_t* passes = nullptr;
    std::span<const float> multiplier;
    const float* weights = nullptr;  // (out_channels, in_channels / groups, kernel_h, kernel_w)
  };

  virtual ~IntegerLayerGradients() = default;

  // Of what run() needs at `scratch`, aligned to 64 bytes.
  virtual int64_t scratch_bytes() const = 0;
  // dw: as the weights, dbias: (out_channels). Null where they are not wanted. The same bits
  // for the same number of threads.
  virtual void run(const Operands& operands, const Gradient& dx, float* dw, float* dbias,
                   void* scratch) const = 0;
};

// For layers that have such kernels, with x in the layout `in` and y in `out`; else null. With
// `bfloat16` the gradient of the sums may be rounded to it.
std::unique_ptr<IntegerLayerGradients> make_integer_layer_gradients(const ConvolutionShape& shape,
                                                                    Layout in, Layout out,
                                                                    bool bfloat16);

}  // namespace octet::kernels
