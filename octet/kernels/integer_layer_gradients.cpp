#include "octet/kernels/integer_layer_gradients.h"

#include "octet/kernels/integer_depthwise_gradients.h"
#include "octet/kernels/integer_pointwise_gradients.h"

namespace octet::kernels {

std::unique_ptr<IntegerLayerGradients> make_integer_layer_gradients(const ConvolutionShape& shape,
                                                                    Layout in, Layout out,
                                                                    bool bfloat16) {
  if (IntegerDepthwiseGradients::fits(shape, in, out)) {
    return std::make_unique<IntegerDepthwiseGradients>(shape);
  }
  if (bfloat16 && IntegerPointwiseGradients::fits(shape, in, out)) {
    return std::make_unique<IntegerPointwiseGradients>(shape);
  }
  return nullptr;
}

}  // namespace octet::kernels
