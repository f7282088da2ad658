// The backward pass of convolutions of integers with windows of one pixel, in bfloat16.
//
// The pixels go by chunks whose operands the caches hold. First each thread takes blocks of a
// chunk: it masks and scales the gradient, rounds it to bfloat16, multiplies it with the weights,
// which gives the gradient of x, and stores pixel pairs of it and of x. Then each takes a part of
// the gradient of the weights, which are products of these pairs. So gradients are read once, and
// nothing of the layer's size is written but the gradient of x. Of layers with few weights each
// thread does both for pixels of its own, and the gradients of the weights are added up at the end.
#pragma once

#include "octet/kernels/integer_layer_gradients.h"

namespace octet::kernels {

class IntegerPointwiseGradients : public IntegerLayerGradients {
 public:
  // Where the processor has instructions for bfloat16: one group and no padding, channels last on
  // both sides, by sixteens.
  static bool fits(const ConvolutionShape& shape, Layout in, Layout out);
  explicit IntegerPointwiseGradients(const ConvolutionShape& shape);

  int64_t scratch_bytes() const override;
  void run(const Operands& operands, const Gradient& dx, float* dw, float* dbias,
           void* scratch) const override;

 private:
  struct Places;
  class Run;
  void run_alone(const Places& places, const Operands& operands, const Gradient& dx, float* dw,
                 float* dbias, void* scratch) const;

  ConvolutionShape shape_;
  int threads_;
};

}  // namespace octet::kernels
