// Convolution in float32 with windows of 3 x 3 by tiles of 2 x 2 outputs, forward and backward,
// with 16 products for 36 (winograd_tiles.h).
// The gradient of the weights comes of the same products: with M the sum over tiles of (A dy A^T) *
// (B^T x B), element by element, it is G^T M G.
//
// Sums run over other terms than those of the definition: float32 results are some eps of the
// largest terms away from it.
#pragma once

#include <cstdint>

#include "octet/kernels/aligned_buffer.h"
#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

// For one layer. Values have eight channels side by side at least; weights are (out_channels,
// in_channels, 3, 3). Results do not depend on the number of threads.
class FloatWinograd {
 public:
  // Whether it can compute the layer, and is likely to be the quickest.
  static bool pays(const ConvolutionShape& shape, Layout in, Layout out);

  // For as many threads as OpenMP has then.
  FloatWinograd(const ConvolutionShape& shape, Layout in, Layout out);

  // What each call needs at `scratch`, which is aligned to 64 bytes.
  int64_t scratch_bytes() const;

  // Transforms the weights once and for all calls of forward() that give none.
  void keep_weights(const float* w);

  // w: null for those that are kept. bias: null, or a value for each output channel.
  void forward(const float* x, const float* w, const float* bias, float* y, void* scratch) const;
  void backward_data(const float* dy, const float* w, float* dx, void* scratch) const;
  // dw and dbias: null where they are not wanted.
  void backward_weights(const float* x, const float* dy, float* dw, float* dbias,
                        void* scratch) const;

 private:
  ConvolutionShape shape_;
  Layout in_, out_;
  int threads_;
  AlignedBuffer<float> kept_;
};

}  // namespace octet::kernels
