// A convolution in float32, forward and backward: by oneDNN, or by tiles where these are quicker
// (float_winograd.h).
#pragma once

#include <memory>
#include <string_view>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

// x: (batch, in_channels, in_height, in_width) in layout `in`; y likewise in `out`. Weights come
// and their gradients go as (out_channels, in_channels / groups, kernel_h, kernel_w). Everything is
// chosen and allocated at construction.
class FloatConvolution {
 public:
  struct Options {
    Layout in = Layout::kPlain;
    Layout out = Layout::kPlain;
    bool bias = false;    // forward adds one value per output channel, backward gives its gradient
    bool forward = true;  // forward() will be called
    bool gradients = true;  // backward_* will be called
  };
  // Throws Error "[convolution] ..." for a shape that oneDNN has no kernel for.
  FloatConvolution(const ConvolutionShape& shape, const Options& options);
  ~FloatConvolution();
  FloatConvolution(FloatConvolution&&) noexcept;

  // Who computes it, for people: "onednn:f32" or "winograd:f32".
  std::string_view kernel() const;

  // What the calls below need at `scratch`, aligned to 64 bytes: for weights in the order of their
  // primitive, and for values of a layout that oneDNN has no quick kernel for.
  int64_t scratch_bytes() const;

  // The weights of the calls that follow; they stay where they are. Without gradients they are
  // packed here, once.
  void set_weights(const float* w);

  // bias: null without the option.
  void forward(const float* x, const float* bias, float* y, void* scratch);
  void backward_data(const float* dy, float* dx, void* scratch);
  // dw and dbias: null where they are not wanted, dbias also without the option.
  void backward_weights(const float* x, const float* dy, float* dw, float* dbias, void* scratch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octet::kernels
