#include "octet/kernels/onednn/normalization.h"

#include "octet/kernels/onednn/onednn.h"

namespace octet::kernels {

using onednn::wrap;

struct Normalization::State {
  dnnl::memory::desc x, channels;
  dnnl::batch_normalization_forward forward;
  dnnl::batch_normalization_backward backward;
};

Normalization::Normalization(const Shape& shape, Layout layout, const Options& options)
    : state_(std::make_unique<State>()) {
  const auto f32 = dnnl::memory::data_type::f32;
  State& s = *state_;
  s.x = onednn::activation_desc(shape[0], shape[1], shape[2], shape[3], layout, f32);
  s.channels = {{shape[1]}, f32, dnnl::memory::format_tag::a};
  const onednn::NormalizationOptions normalization{.epsilon = options.epsilon,
                                                   .batch_statistics = options.batch_statistics};
  const auto pd = onednn::batch_normalization_forward(
      s.x, normalization, options.gradients || options.batch_statistics);
  s.forward = dnnl::batch_normalization_forward(pd);
  if (!options.gradients) return;
  s.backward = dnnl::batch_normalization_backward(
      onednn::batch_normalization_backward(s.x, normalization, pd));
}

Normalization::~Normalization() = default;
Normalization::Normalization(Normalization&&) noexcept = default;

void Normalization::forward(const float* x, const float* gamma, const float* beta, float* mean,
                            float* var, float* y) {
  State& s = *state_;
  onednn::run(s.forward, {{DNNL_ARG_SRC, wrap(s.x, x)},
                          {DNNL_ARG_SCALE, wrap(s.channels, gamma)},
                          {DNNL_ARG_SHIFT, wrap(s.channels, beta)},
                          {DNNL_ARG_MEAN, wrap(s.channels, mean)},
                          {DNNL_ARG_VARIANCE, wrap(s.channels, var)},
                          {DNNL_ARG_DST, wrap(s.x, y)}});
}

void Normalization::backward(const float* x, const float* dy, const float* gamma, const float* beta,
                             const float* mean, const float* var, float* dx, float* dgamma,
                             float* dbeta) {
  State& s = *state_;
  onednn::run(s.backward, {{DNNL_ARG_SRC, wrap(s.x, x)},
                           {DNNL_ARG_DIFF_DST, wrap(s.x, dy)},
                           {DNNL_ARG_SCALE, wrap(s.channels, gamma)},
                           // Nothing depends on it, yet oneDNN 2.x asks for it.
                           {DNNL_ARG_SHIFT, wrap(s.channels, beta)},
                           {DNNL_ARG_MEAN, wrap(s.channels, mean)},
                           {DNNL_ARG_VARIANCE, wrap(s.channels, var)},
                           {DNNL_ARG_DIFF_SRC, wrap(s.x, dx)},
                           {DNNL_ARG_DIFF_SCALE, wrap(s.channels, dgamma)},
                           {DNNL_ARG_DIFF_SHIFT, wrap(s.channels, dbeta)}});
}

}  // namespace octet::kernels
