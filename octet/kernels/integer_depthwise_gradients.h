// The backward pass of depthwise convolutions of integers: all sums are float32, and nothing but
// the gradient of x is rounded on its way.
#pragma once

#include "octet/kernels/integer_layer_gradients.h"

namespace octet::kernels {

class IntegerDepthwiseGradients : public IntegerLayerGradients {
 public:
  // Channels last on both sides, by sixteens, one of x for each of y.
  static bool fits(const ConvolutionShape& shape, Layout in, Layout out);
  explicit IntegerDepthwiseGradients(const ConvolutionShape& shape);

  int64_t scratch_bytes() const override;
  void run(const Operands& operands, const Gradient& dx, float* dw, float* dbias,
           void* scratch) const override;

 private:
  struct Places;

  ConvolutionShape shape_;
  int threads_;
};

}  // namespace octet::kernels
