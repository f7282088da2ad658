#include "octet/kernels/onednn/float_convolution.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "octet/base/error.h"
#include "octet/kernels/depthwise_gradient.h"
#include "octet/kernels/float_winograd.h"
#include "octet/kernels/onednn/convolution_operands.h"
#include "octet/kernels/onednn/onednn.h"

namespace octet::kernels {

namespace {

using dnnl::memory;
using onednn::Operands;
using onednn::run;
using onednn::weight_desc;
using onednn::wrap;

constexpr int64_t kLine = 64;

float* place(std::vector<float>& values, size_t bytes) {
  values.resize(bytes / sizeof(float));
  return values.data();
}

}  // namespace

struct FloatConvolution::State {
  ConvolutionShape shape;
  Options options;
  std::optional<FloatWinograd> tiles;  // in place of all that follows
  memory::desc x, y, plain_w, bias;
  dnnl::convolution_forward forward;
  Operands forward_operands;
  memory kept_w;  // without gradients
  dnnl::convolution_backward_data backward_data;
  Operands backward_data_operands;
  const float* weights = nullptr;
  dnnl::convolution_backward_weights backward_weights;
  Operands backward_weights_operands;
  bool own_backward_weights = false;
  std::vector<float> unwanted_dw, unwanted_dbias;

  void build() {
    if (FloatWinograd::pays(shape, options.in, options.out)) {
      tiles.emplace(shape, options.in, options.out);
      return;
    }
    const auto f32 = memory::data_type::f32;
    x = onednn::activation_desc(shape.batch, shape.in_channels, shape.in_height, shape.in_width,
                                options.in, f32);
    y = onednn::activation_desc(shape.batch, shape.out_channels, shape.out_height, shape.out_width,
                                options.out, f32);
    plain_w = weight_desc(shape, f32, onednn::WeightOrder::kPlain);
    if (options.bias) bias = {{shape.out_channels}, f32, memory::format_tag::a};
    const auto hint = build_forward();
    if (options.gradients) build_backward(hint);
  }

  // The layouts as they are, or with `any` those that the primitive would have.
  onednn::ConvolutionDescs descs(bool any) const {
    const auto free = [&](const memory::desc& desc, int64_t channels, int64_t height,
                          int64_t width) -> memory::desc {
      if (!any) return desc;
      return {
          {shape.batch, channels, height, width}, memory::data_type::f32, memory::format_tag::any};
    };
    return {free(x, shape.in_channels, shape.in_height, shape.in_width),
            weight_desc(shape, memory::data_type::f32, onednn::WeightOrder::kAny), bias,
            free(y, shape.out_channels, shape.out_height, shape.out_width)};
  }

  template <class Make>
  auto quick(const Make& make) const {
    return onednn::quick([&](bool any) { return make(descs(any)); });
  }

  dnnl::convolution_forward::primitive_desc build_forward() {
    const auto pd = quick([&](const onednn::ConvolutionDescs& d) {
      return onednn::convolution_forward(shape, d, options.gradients);
    });
    if (!options.forward) return pd;
    forward = dnnl::convolution_forward(pd);
    forward_operands = {{x, pd.src_desc()}, {plain_w, pd.weights_desc()}, {y, pd.dst_desc()}};
    if (!options.gradients) kept_w = memory(pd.weights_desc(), onednn::engine());
    return pd;
  }

  void build_backward(const dnnl::convolution_forward::primitive_desc& hint) {
    const auto data = quick([&](const onednn::ConvolutionDescs& d) {
      return onednn::convolution_backward_data(shape, d, hint);
    });
    backward_data = dnnl::convolution_backward_data(data);
    backward_data_operands = {
        {x, data.diff_src_desc()}, {plain_w, data.weights_desc()}, {y, data.diff_dst_desc()}};
    const auto of_weights = quick([&](const onednn::ConvolutionDescs& d) {
      return onednn::convolution_backward_weights(shape, d, hint);
    });
    // What is left where oneDNN has no kernel for a depthwise window multiplies matrices of one
    // row.
    const bool has_kernel = std::string_view(of_weights.impl_info_str()).starts_with("jit");
    own_backward_weights = !has_kernel && shape.groups == shape.in_channels &&
                           shape.groups == shape.out_channels && options.in == Layout::kBlocked8 &&
                           options.out == Layout::kBlocked8;
    if (own_backward_weights) return;
    backward_weights = dnnl::convolution_backward_weights(of_weights);
    backward_weights_operands = {{x, of_weights.src_desc()},
                                 {plain_w, of_weights.diff_weights_desc()},
                                 {y, of_weights.diff_dst_desc()}};
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
  if (s.tiles) return s.tiles->scratch_bytes();
  const int64_t bytes = std::max({s.forward_operands.bytes(), s.backward_data_operands.bytes(),
                                  s.backward_weights_operands.bytes()});
  return std::max(bytes, kLine);
}

std::string_view FloatConvolution::kernel() const {
  return state_->tiles ? "winograd:f32" : "onednn:f32";
}

void FloatConvolution::set_weights(const float* w) {
  State& s = *state_;
  s.weights = w;
  if (s.options.gradients) return;
  if (s.tiles) return s.tiles->keep_weights(w);
  const memory packed = s.forward_operands.w.read(w, s.kept_w.get_data_handle());
  if (packed.get_data_handle() != s.kept_w.get_data_handle()) s.kept_w = packed;
}

void FloatConvolution::forward(const float* x, const float* bias, float* y, void* scratch) {
  State& s = *state_;
  if (s.tiles) {
    return s.tiles->forward(x, s.options.gradients ? s.weights : nullptr, bias, y, scratch);
  }
  const Operands& o = s.forward_operands;
  const memory w = s.options.gradients ? o.w.read(s.weights, o.place_w(scratch)) : s.kept_w;
  const memory made = o.y.target(y, o.place_y(scratch));
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, o.x.read(x, o.place_x(scratch))}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, made}};
  if (s.options.bias) arguments.emplace(DNNL_ARG_BIAS, wrap(s.bias, bias));
  run(s.forward, arguments);
  o.y.bring_out(made, y);
}

void FloatConvolution::backward_data(const float* dy, float* dx, void* scratch) {
  State& s = *state_;
  if (s.tiles) return s.tiles->backward_data(dy, s.weights, dx, scratch);
  const Operands& o = s.backward_data_operands;
  const memory made = o.x.target(dx, o.place_x(scratch));
  run(s.backward_data, {{DNNL_ARG_DIFF_DST, o.y.read(dy, o.place_y(scratch))},
                        {DNNL_ARG_WEIGHTS, o.w.read(s.weights, o.place_w(scratch))},
                        {DNNL_ARG_DIFF_SRC, made}});
  o.x.bring_out(made, dx);
}

void FloatConvolution::backward_weights(const float* x, const float* dy, float* dw, float* dbias,
                                        void* scratch) {
  State& s = *state_;
  if (s.tiles) return s.tiles->backward_weights(x, dy, dw, dbias, scratch);
  if (s.own_backward_weights) return depthwise_backward_weights(s.shape, x, dy, dw, dbias);
  // The primitive makes both; what nobody wants goes to a place of its own.
  if (dw == nullptr) dw = place(s.unwanted_dw, s.plain_w.get_size());
  if (s.options.bias && dbias == nullptr) dbias = place(s.unwanted_dbias, s.bias.get_size());
  const Operands& o = s.backward_weights_operands;
  const memory made = o.w.target(dw, o.place_w(scratch));
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, o.x.read(x, o.place_x(scratch))},
                                            {DNNL_ARG_DIFF_DST, o.y.read(dy, o.place_y(scratch))},
                                            {DNNL_ARG_DIFF_WEIGHTS, made}};
  if (s.options.bias) arguments.emplace(DNNL_ARG_DIFF_BIAS, wrap(s.bias, dbias));
  run(s.backward_weights, arguments);
  o.w.bring_out(made, dw);
}

}  // namespace octet::kernels
