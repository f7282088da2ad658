#include "octet/plan/steps/convolution_shape_of.h"

namespace octet::plan {

namespace {

int64_t at_or(const Shape& values, size_t index, int64_t otherwise) {
  return index < values.size() ? values[index] : otherwise;
}

template <class Layer>
kernels::ConvolutionShape shape_of(const Layer& layer, const Shape& x, const Shape& w,
                                   const Shape& y, int64_t groups) {
  return {.batch = x[0],
          .groups = groups,
          .in_channels = x[1],
          .in_height = x[2],
          .in_width = x[3],
          .out_channels = y[1],
          .out_height = y[2],
          .out_width = y[3],
          .kernel_h = w[w.rank() - 2],
          .kernel_w = w[w.rank() - 1],
          .stride_h = at_or(layer.stride, 0, 1),
          .stride_w = at_or(layer.stride, 1, 1),
          .dilation_h = at_or(layer.dilation, 0, 1),
          .dilation_w = at_or(layer.dilation, 1, 1),
          .pad_top = at_or(layer.pad, 0, 0),
          .pad_left = at_or(layer.pad, 1, 0)};
}

}  // namespace

std::optional<kernels::ConvolutionShape> convolution_shape_of(const Attributes& attributes,
                                                              const Shape& x, const Shape& w,
                                                              const Shape& y) {
  if (x.rank() != 4 || y.rank() != 4) return std::nullopt;
  const auto dense = [&](const Convolution& layer) -> std::optional<kernels::ConvolutionShape> {
    if (layer.base_axis != 1 || layer.channel_last || w.rank() != 4) return std::nullopt;
    return shape_of(layer, x, w, y, layer.group);
  };
  const auto depthwise =
      [&](const DepthwiseConvolution& layer) -> std::optional<kernels::ConvolutionShape> {
    if (layer.base_axis != 1 || w.rank() != 3) return std::nullopt;
    return shape_of(layer, x, w, y, x[1]);
  };
  if (const auto* layer = std::get_if<Convolution>(&attributes)) return dense(*layer);
  if (const auto* layer = std::get_if<QuantizedConvolution>(&attributes)) return dense(*layer);
  if (const auto* layer = std::get_if<DepthwiseConvolution>(&attributes)) return depthwise(*layer);
  if (const auto* layer = std::get_if<QuantizedDepthwiseConvolution>(&attributes)) {
    return depthwise(*layer);
  }
  return std::nullopt;
}

}  // namespace octet::plan
