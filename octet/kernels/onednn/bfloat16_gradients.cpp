#include "octet/kernels/onednn/bfloat16_gradients.h"

#include <algorithm>
#include <vector>

#include "octet/base/error.h"
#include "octet/kernels/onednn/convolution_operands.h"

namespace octet::kernels {

namespace {

using dnnl::memory;
using onednn::Operands;
using onednn::run;
using onednn::wrap;

constexpr auto kBFloat16 = memory::data_type::bf16, kFloat32 = memory::data_type::f32;

float* place(std::vector<float>& values, int64_t count) {
  values.resize(count);
  return values.data();
}

class BFloat16Gradients : public ConvolutionGradients {
 public:
  BFloat16Gradients(const ConvolutionShape& shape, const Options& options)
      : shape_(shape), options_(options) {
    if (options.bias) bias_ = {{shape.out_channels}, kFloat32, memory::format_tag::a};
    const auto plain_w = onednn::weight_desc(shape, kFloat32, onednn::WeightOrder::kPlain);
    const auto hint = onednn::quick([&](bool any) {
      return onednn::convolution_forward(shape, descs(kBFloat16, kBFloat16, any), true);
    });
    const auto dx_type = options.bfloat16_dx ? kBFloat16 : kFloat32;
    const auto data = onednn::quick([&](bool any) {
      return onednn::convolution_backward_data(shape, descs(dx_type, kBFloat16, any), hint);
    });
    data_ = dnnl::convolution_backward_data(data);
    of_data_ = {{x(dx_type), data.diff_src_desc()},
                {plain_w, data.weights_desc()},
                {y(), data.diff_dst_desc()}};
    const auto weights = onednn::quick([&](bool any) {
      return onednn::convolution_backward_weights(shape, descs(kBFloat16, kFloat32, any), hint);
    });
    weights_ = dnnl::convolution_backward_weights(weights);
    of_weights_ = {{x(kBFloat16), weights.src_desc()},
                   {plain_w, weights.diff_weights_desc()},
                   {y(), weights.diff_dst_desc()}};
  }

  int64_t scratch_bytes() const override {
    constexpr int64_t kLine = 64;
    return std::max({of_data_.bytes(), of_weights_.bytes(), kLine});
  }

  void backward_data(const Gradient& dy, const float* w, const Gradient& dx,
                     void* scratch) override {
    OCTET_INTERNAL_CHECK(dy.is_bfloat16 && dx.is_bfloat16 == options_.bfloat16_dx);
    const Operands& o = of_data_;
    const memory made = o.x.target(dx.data, o.place_x(scratch));
    run(data_, {{DNNL_ARG_DIFF_DST, o.y.read(dy.data, o.place_y(scratch))},
                {DNNL_ARG_WEIGHTS, o.w.read(w, o.place_w(scratch))},
                {DNNL_ARG_DIFF_SRC, made}});
    o.x.bring_out(made, dx.data);
  }

  void backward_weights(const Gradient& x, const Gradient& dy, float* dw, float* dbias,
                        void* scratch) override {
    OCTET_INTERNAL_CHECK(x.is_bfloat16 && dy.is_bfloat16);
    // The primitive makes both; what nobody wants goes to a place of its own.
    const int64_t count = shape_.out_channels * shape_.in_channels / shape_.groups *
                          shape_.kernel_h * shape_.kernel_w;
    if (dw == nullptr) dw = place(unwanted_dw_, count);
    if (options_.bias && dbias == nullptr) dbias = place(unwanted_dbias_, shape_.out_channels);
    const Operands& o = of_weights_;
    const memory made = o.w.target(dw, o.place_w(scratch));
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, o.x.read(x.data, o.place_x(scratch))},
        {DNNL_ARG_DIFF_DST, o.y.read(dy.data, o.place_y(scratch))},
        {DNNL_ARG_DIFF_WEIGHTS, made}};
    if (options_.bias) arguments.emplace(DNNL_ARG_DIFF_BIAS, wrap(bias_, dbias));
    run(weights_, arguments);
    o.w.bring_out(made, dw);
  }

 private:
  memory::desc x(memory::data_type type) const {
    return onednn::activation_desc(shape_.batch, shape_.in_channels, shape_.in_height,
                                   shape_.in_width, options_.in, type);
  }
  memory::desc y() const {
    return onednn::activation_desc(shape_.batch, shape_.out_channels, shape_.out_height,
                                   shape_.out_width, options_.out, kBFloat16);
  }

  // With the layouts as they are, or with `any` those that the primitive would have.
  onednn::ConvolutionDescs descs(memory::data_type x_type, memory::data_type w_type,
                                 bool any) const {
    const auto free_tag = memory::format_tag::any;
    const memory::desc free_x({shape_.batch, shape_.in_channels, shape_.in_height, shape_.in_width},
                              x_type, free_tag);
    const memory::desc free_y(
        {shape_.batch, shape_.out_channels, shape_.out_height, shape_.out_width}, kBFloat16,
        free_tag);
    return {any ? free_x : x(x_type),
            onednn::weight_desc(shape_, w_type, onednn::WeightOrder::kAny), bias_,
            any ? free_y : y()};
  }

  ConvolutionShape shape_;
  Options options_;
  memory::desc bias_;
  dnnl::convolution_backward_data data_;
  dnnl::convolution_backward_weights weights_;
  Operands of_data_, of_weights_;
  std::vector<float> unwanted_dw_, unwanted_dbias_;
};

}  // namespace

std::unique_ptr<ConvolutionGradients> make_bfloat16_gradients(
    const ConvolutionShape& shape, const ConvolutionGradients::Options& options) {
  try {
    return std::make_unique<BFloat16Gradients>(shape, options);
  } catch (const dnnl::error& error) {
    throw_error("convolution", "oneDNN has no bfloat16 kernel for {}x{}x{} -> {} channels: {}",
                shape.in_channels, shape.in_height, shape.in_width, shape.out_channels,
                error.message);
  }
}

}  // namespace octet::kernels
