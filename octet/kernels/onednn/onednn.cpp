#include "octet/kernels/onednn/onednn.h"

#include "octet/base/error.h"

namespace octet::kernels::onednn {

using dnnl::memory;

namespace {

memory::format_tag tag_of(Layout layout) {
  switch (layout) {
    case Layout::kChannelsLast:
      return memory::format_tag::nhwc;
    case Layout::kBlocked8:
      return memory::format_tag::nChw8c;
    case Layout::kBlocked16:
      return memory::format_tag::nChw16c;
    default:
      return memory::format_tag::nchw;
  }
}

memory::dims strides(const ConvolutionShape& s) {
  return {s.stride_h, s.stride_w};
}

// oneDNN counts what is skipped.
memory::dims dilations(const ConvolutionShape& s) {
  return {s.dilation_h - 1, s.dilation_w - 1};
}

memory::dims pad_front(const ConvolutionShape& s) {
  return {s.pad_top, s.pad_left};
}

int64_t pad_behind(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                   int64_t front) {
  return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - front;
}

memory::dims pad_back(const ConvolutionShape& s) {
  return {
      pad_behind(s.in_height, s.out_height, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top),
      pad_behind(s.in_width, s.out_width, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left),
  };
}

dnnl::prop_kind forward_kind(bool training) {
  return training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
}

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

dnnl::stream& stream() {
  static dnnl::stream instance(engine());
  return instance;
}

memory::desc activation_desc(int64_t n, int64_t c, int64_t h, int64_t w, Layout layout,
                             memory::data_type type) {
  return {{n, c, h, w}, type, tag_of(layout)};
}

bool has_isa(dnnl::cpu_isa isa) {
  const auto wanted = static_cast<unsigned>(isa);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

Layout fast_float_layout(int64_t channels) {
  static const bool has_avx512 = has_isa(dnnl::cpu_isa::avx512_core);
  if (has_avx512 && channels % 16 == 0) return Layout::kBlocked16;
  return !has_avx512 && channels % 8 == 0 ? Layout::kBlocked8 : Layout::kChannelsLast;
}

memory wrap(const memory::desc& desc, const void* data) {
  return {desc, engine(), const_cast<void*>(data)};
}

void run(const dnnl::primitive& primitive, const std::unordered_map<int, memory>& arguments) {
  primitive.execute(stream(), arguments);
  stream().wait();
}

#if DNNL_VERSION_MAJOR >= 3

dnnl::convolution_forward::primitive_desc convolution_forward(const ConvolutionShape& shape,
                                                              const ConvolutionDescs& descs,
                                                              bool training) {
  return {engine(),
          forward_kind(training),
          dnnl::algorithm::convolution_direct,
          descs.x,
          descs.w,
          descs.bias,
          descs.y,
          strides(shape),
          dilations(shape),
          pad_front(shape),
          pad_back(shape)};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const ConvolutionShape& shape, const ConvolutionDescs& descs,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine(),         dnnl::algorithm::convolution_direct,
          descs.x,          descs.w,
          descs.y,          strides(shape),
          dilations(shape), pad_front(shape),
          pad_back(shape),  forward};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const ConvolutionShape& shape, const ConvolutionDescs& descs,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine(),         dnnl::algorithm::convolution_direct,
          descs.x,          descs.w,
          descs.bias,       descs.y,
          strides(shape),   dilations(shape),
          pad_front(shape), pad_back(shape),
          forward};
}

dnnl::matmul::primitive_desc matrix_product(const memory::desc& a, const memory::desc& b,
                                            const memory::desc& bias, const memory::desc& c) {
  return {engine(), a, b, bias, c};
}

#else

dnnl::convolution_forward::primitive_desc convolution_forward(const ConvolutionShape& shape,
                                                              const ConvolutionDescs& descs,
                                                              bool training) {
  const auto kind = forward_kind(training);
  const auto direct = dnnl::algorithm::convolution_direct;
  const auto desc =
      descs.bias.data.ndims == 0
          ? dnnl::convolution_forward::desc(kind, direct, descs.x, descs.w, descs.y, strides(shape),
                                            dilations(shape), pad_front(shape), pad_back(shape))
          : dnnl::convolution_forward::desc(kind, direct, descs.x, descs.w, descs.bias, descs.y,
                                            strides(shape), dilations(shape), pad_front(shape),
                                            pad_back(shape));
  return {desc, engine()};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const ConvolutionShape& shape, const ConvolutionDescs& descs,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {{dnnl::algorithm::convolution_direct, descs.x, descs.w, descs.y, strides(shape),
           dilations(shape), pad_front(shape), pad_back(shape)},
          engine(),
          forward};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const ConvolutionShape& shape, const ConvolutionDescs& descs,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const auto direct = dnnl::algorithm::convolution_direct;
  const auto desc = descs.bias.data.ndims == 0
                        ? dnnl::convolution_backward_weights::desc(
                              direct, descs.x, descs.w, descs.y, strides(shape), dilations(shape),
                              pad_front(shape), pad_back(shape))
                        : dnnl::convolution_backward_weights::desc(
                              direct, descs.x, descs.w, descs.bias, descs.y, strides(shape),
                              dilations(shape), pad_front(shape), pad_back(shape));
  return {desc, engine(), forward};
}

dnnl::matmul::primitive_desc matrix_product(const memory::desc& a, const memory::desc& b,
                                            const memory::desc& bias, const memory::desc& c) {
  const auto desc =
      bias.data.ndims == 0 ? dnnl::matmul::desc(a, b, c) : dnnl::matmul::desc(a, b, bias, c);
  return {desc, engine()};
}

#endif

}  // namespace octet::kernels::onednn
