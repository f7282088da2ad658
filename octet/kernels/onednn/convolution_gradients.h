// The gradients of a convolution of integers, in float32 or, by oneDNN, in bfloat16.
//
// Integers below 256 are exact in bfloat16: x and the weights enter unrounded. What is rounded, to
// eight bits, is the gradient of y, and that of x where it stays in bfloat16. Sums are float32, and
// so are the gradients of weights.
#pragma once

#include <memory>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/gradient.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

// Whether this processor has instructions for bfloat16 (avx512_bf16), and ONEDNN_MAX_CPU_ISA allows
// them.
bool has_bfloat16();

// x: (batch, in_channels, in_height, in_width) in layout `in`; y likewise in `out`. Weights come
// and their gradients go as (out_channels, in_channels / groups, kernel_h, kernel_w), in float32;
// weights are whole numbers in [-128, 127]. Everything is chosen and allocated at construction.
class ConvolutionGradients {
 public:
  struct Options {
    Layout in = Layout::kPlain;
    Layout out = Layout::kPlain;
    bool bias = false;         // backward_weights() gives its gradient too
    bool bfloat16 = false;     // x and dy are, else they are float32
    bool bfloat16_dx = false;  // likewise; only with the former
  };
  virtual ~ConvolutionGradients() = default;

  // What the calls below need at `scratch`, aligned to 64 bytes.
  virtual int64_t scratch_bytes() const = 0;
  virtual void backward_data(const Gradient& dy, const float* w, const Gradient& dx,
                             void* scratch) = 0;
  // dw and dbias: null where they are not wanted, dbias also without the option.
  virtual void backward_weights(const Gradient& x, const Gradient& dy, float* dw, float* dbias,
                                void* scratch) = 0;
};

// Throws Error "[convolution] ..." for a shape that there is no kernel for.
std::unique_ptr<ConvolutionGradients> make_convolution_gradients(
    const ConvolutionShape& shape, const ConvolutionGradients::Options& options);

}  // namespace octet::kernels
