#include "octet/kernels/onednn/float_convolution.h"

#include <algorithm>
#include <optional>

#include "octet/base/error.h"
#include "octet/kernels/onednn/onednn.h"

namespace octet::kernels {

namespace {

using dnnl::memory;
using onednn::run;
using onednn::wrap;

memory::desc weight_desc(const ConvolutionShape& s, memory::format_tag plain,
                         memory::format_tag grouped) {
  if (s.groups == 1) {
    return {{s.out_channels, s.in_channels, s.kernel_h, s.kernel_w}, memory::data_type::f32, plain};
  }
  return {{s.groups, s.out_channels / s.groups, s.in_channels / s.groups, s.kernel_h, s.kernel_w},
          memory::data_type::f32,
          grouped};
}

// Weights in the order of a primitive, and the way there from the plain order.
struct PackedWeights {
  memory::desc desc;
  dnnl::reorder pack;

  PackedWeights(const memory::desc& plain, const memory::desc& wanted)
      : desc(wanted), pack(wrap(plain, nullptr), wrap(wanted, nullptr)) {}

  // Packs them into `place`.
  memory packed(const memory::desc& plain, const float* weights, void* place) const {
    memory result = wrap(desc, place);
    run(pack, {{DNNL_ARG_FROM, wrap(plain, weights)}, {DNNL_ARG_TO, result}});
    return result;
  }
};

}  // namespace

struct FloatConvolution::State {
  ConvolutionShape shape;
  Options options;
  memory::desc x, y, plain_w, bias;
  dnnl::convolution_forward forward;
  std::optional<PackedWeights> forward_w;
  dnnl::convolution_backward_data backward_data;
  memory kept_w;  // without gradients
  std::optional<PackedWeights> backward_data_w;
  const float* weights = nullptr;
  dnnl::convolution_backward_weights backward_weights;
  memory::desc backward_weights_dw;
  dnnl::reorder unpack_dw;
  bool plain_dw = false;  // the primitive writes the plain order itself

  void build() {
    const auto f32 = memory::data_type::f32;
    x = onednn::activation_desc(shape.batch, shape.in_channels, shape.in_height, shape.in_width,
                                options.in, f32);
    y = onednn::activation_desc(shape.batch, shape.out_channels, shape.out_height, shape.out_width,
                                options.out, f32);
    plain_w = weight_desc(shape, memory::format_tag::oihw, memory::format_tag::goihw);
    if (options.bias) bias = {{shape.out_channels}, f32, memory::format_tag::a};
    const onednn::ConvolutionDescs descs{
        x, weight_desc(shape, memory::format_tag::any, memory::format_tag::any), bias, y};
    dnnl::primitive_attr attr;
    if (options.relu) {
      dnnl::post_ops post;
#if DNNL_VERSION_MAJOR >= 3
      post.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
      post.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
      attr.set_post_ops(post);
    }
    const auto pd = onednn::convolution_forward(shape, descs, options.gradients, attr);
    if (options.forward) {
      forward = dnnl::convolution_forward(pd);
      forward_w.emplace(plain_w, pd.weights_desc());
      if (!options.gradients) kept_w = memory(pd.weights_desc(), onednn::engine());
    }
    if (options.gradients) build_backward(descs, pd);
  }

  void build_backward(const onednn::ConvolutionDescs& descs,
                      const dnnl::convolution_forward::primitive_desc& hint) {
    const auto data = onednn::convolution_backward_data(shape, descs, hint);
    backward_data = dnnl::convolution_backward_data(data);
    backward_data_w.emplace(plain_w, data.weights_desc());
    const auto weights_pd = onednn::convolution_backward_weights(shape, descs, hint);
    backward_weights = dnnl::convolution_backward_weights(weights_pd);
    plain_dw = weights_pd.diff_weights_desc() == plain_w;
    if (!plain_dw) {
      backward_weights_dw = weights_pd.diff_weights_desc();
      unpack_dw = dnnl::reorder(wrap(backward_weights_dw, nullptr), wrap(plain_w, nullptr));
    }
  }
};

FloatConvolution::FloatConvolution(const ConvolutionShape& shape, const Options& options)
    : state_(std::make_unique<State>()) {
  state_->shape = shape;
  state_->options = options;
  try {
    state_->build();
  } catch (const dnnl::error& error) {
    throw_error("convolution", "oneDNN has no kernel for {}x{}x{} -> {} channels: {}",
                shape.in_channels, shape.in_height, shape.in_width, shape.out_channels,
                error.message);
  }
}

FloatConvolution::~FloatConvolution() = default;
FloatConvolution::FloatConvolution(FloatConvolution&&) noexcept = default;

int64_t FloatConvolution::scratch_bytes() const {
  const State& s = *state_;
  if (!s.options.gradients) return 0;
  size_t bytes = s.backward_data_w->desc.get_size();
  if (s.forward_w) bytes = std::max(bytes, s.forward_w->desc.get_size());
  if (!s.plain_dw) bytes = std::max(bytes, s.backward_weights_dw.get_size());
  return static_cast<int64_t>(bytes);
}

void FloatConvolution::set_weights(const float* w) {
  State& s = *state_;
  s.weights = w;
  if (!s.options.gradients) s.forward_w->packed(s.plain_w, w, s.kept_w.get_data_handle());
}

void FloatConvolution::forward(const float* x, const float* bias, float* y, void* scratch) {
  State& s = *state_;
  const memory w =
      s.options.gradients ? s.forward_w->packed(s.plain_w, s.weights, scratch) : s.kept_w;
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, wrap(s.x, x)}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, wrap(s.y, y)}};
  if (s.options.bias) arguments.emplace(DNNL_ARG_BIAS, wrap(s.bias, bias));
  run(s.forward, arguments);
}

void FloatConvolution::backward_data(const float* dy, float* dx, void* scratch) {
  State& s = *state_;
  run(s.backward_data,
      {{DNNL_ARG_DIFF_DST, wrap(s.y, dy)},
       {DNNL_ARG_WEIGHTS, s.backward_data_w->packed(s.plain_w, s.weights, scratch)},
       {DNNL_ARG_DIFF_SRC, wrap(s.x, dx)}});
}

void FloatConvolution::backward_weights(const float* x, const float* dy, float* dw, float* dbias,
                                        void* scratch) {
  State& s = *state_;
  const memory target = s.plain_dw ? wrap(s.plain_w, dw) : wrap(s.backward_weights_dw, scratch);
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, wrap(s.x, x)},
                                            {DNNL_ARG_DIFF_DST, wrap(s.y, dy)},
                                            {DNNL_ARG_DIFF_WEIGHTS, target}};
  if (s.options.bias) arguments.emplace(DNNL_ARG_DIFF_BIAS, wrap(s.bias, dbias));
  run(s.backward_weights, arguments);
  if (!s.plain_dw) {
    run(s.unpack_dw, {{DNNL_ARG_FROM, target}, {DNNL_ARG_TO, wrap(s.plain_w, dw)}});
  }
}

}  // namespace octet::kernels
