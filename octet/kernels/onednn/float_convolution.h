// A convolution in float32, forward and backward, by oneDNN.
#pragma once

#include <memory>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

// x: (batch, in_channels, in_height, in_width) in layout `in`; y likewise in `out`. Weights come
// and their gradients go as (out_channels, in_channels / groups, kernel_h, kernel_w). Everything is
// chosen and allocated at construction. Sums of whole numbers are exact as long as each stays below
// 2^24 in any order.
class FloatConvolution {
 public:
  struct Options {
    Layout in = Layout::kPlain;
    Layout out = Layout::kPlain;
    bool bias = false;    // forward adds one value per output channel, backward gives its gradient
    bool forward = true;  // forward() will be called
    bool gradients = true;  // backward_* will be called
    bool relu = false;      // max(y, 0) behind it
  };
  // Throws Error "[convolution] ..." for a shape that oneDNN has no kernel for.
  FloatConvolution(const ConvolutionShape& shape, const Options& options);
  ~FloatConvolution();
  FloatConvolution(FloatConvolution&&) noexcept;

  // The weights of the calls that follow.
  void set_weights(const float* w);

  // bias: null without the option.
  void forward(const float* x, const float* bias, float* y);
  void backward_data(const float* dy, float* dx);
  // dbias: null without the option.
  void backward_weights(const float* x, const float* dy, float* dw, float* dbias);

  // Of packed weights and what oneDNN keeps for itself.
  int64_t bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octet::kernels
