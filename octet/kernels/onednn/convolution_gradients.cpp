#include "octet/kernels/onednn/convolution_gradients.h"

#include "octet/kernels/bfloat16_winograd.h"
#include "octet/kernels/onednn/bfloat16_gradients.h"
#include "octet/kernels/onednn/float_convolution.h"
#include "octet/kernels/onednn/onednn.h"

namespace octet::kernels {

namespace {

class FloatGradients : public ConvolutionGradients {
 public:
  FloatGradients(const ConvolutionShape& shape, const Options& options)
      : convolution_(
            shape, {.in = options.in, .out = options.out, .bias = options.bias, .forward = false}) {
  }

  int64_t scratch_bytes() const override { return convolution_.scratch_bytes(); }

  void backward_data(const Gradient& dy, const float* w, const Gradient& dx,
                     void* scratch) override {
    convolution_.set_weights(w);
    convolution_.backward_data(floats(dy), floats(dx), scratch);
  }

  void backward_weights(const Gradient& x, const Gradient& dy, float* dw, float* dbias,
                        void* scratch) override {
    convolution_.backward_weights(floats(x), floats(dy), dw, dbias, scratch);
  }

 private:
  static float* floats(const Gradient& gradient) { return static_cast<float*>(gradient.data); }

  FloatConvolution convolution_;
};

}  // namespace

bool has_bfloat16() {
  return onednn::has_isa(dnnl::cpu_isa::avx512_core_bf16);
}

std::unique_ptr<ConvolutionGradients> make_convolution_gradients(
    const ConvolutionShape& shape, const ConvolutionGradients::Options& options) {
  if (options.bfloat16 && bfloat16_tiles_pay(shape, options)) {
    return make_bfloat16_winograd(shape, options);
  }
  if (options.bfloat16) return make_bfloat16_gradients(shape, options);
  return std::make_unique<FloatGradients>(shape, options);
}

}  // namespace octet::kernels
