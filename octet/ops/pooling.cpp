#include "octet/ops/pooling.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/pooling_window.h"
#include "octet/ops/spatial.h"

namespace octet {
namespace {

template <class Operation>
OutputTypes infer_pooling(const Operation& op, InputTypes inputs) {
  const Shape y = PoolingWindow(op).output_shape(op.kType, inputs[0].shape, op.channel_last);
  return {{inputs[0].dtype, y, {}}};
}

// Calls pool2d or pool3d with (x, kernel, stride, pad); one spatial dimension is a row of an image.
template <class Pool2d, class Pool3d>
at::Tensor pool(const at::Tensor& x, const PoolingWindow& window, const Shape& pad, Pool2d pool2d,
                Pool3d pool3d) {
  const Shape& kernel = window.kernel();
  const Shape& stride = window.stride();
  if (window.spatial_dims() == 3) return pool3d(x, kernel, stride, pad);
  if (window.spatial_dims() == 2) return pool2d(x, kernel, stride, pad);
  return pool2d(x.unsqueeze(2), Shape{1, kernel[0]}, Shape{1, stride[0]}, Shape{0, pad[0]})
      .squeeze(2);
}

at::Tensor max_pool(const at::Tensor& x, const PoolingWindow& window, const Shape& pad) {
  return pool(
      x, window, pad,
      [](const at::Tensor& image, const Shape& kernel, const Shape& stride, const Shape& padding) {
        return at::max_pool2d(image, kernel, stride, padding);
      },
      [](const at::Tensor& volume, const Shape& kernel, const Shape& stride, const Shape& padding) {
        return at::max_pool3d(volume, kernel, stride, padding);
      });
}

at::Tensor average_pool(const at::Tensor& x, const PoolingWindow& window, bool including_pad) {
  return pool(
      x, window, window.pad(),
      [&](const at::Tensor& image, const Shape& kernel, const Shape& stride, const Shape& pad) {
        return at::avg_pool2d(image, kernel, stride, pad, /*ceil_mode=*/false, including_pad);
      },
      [&](const at::Tensor& volume, const Shape& kernel, const Shape& stride, const Shape& pad) {
        return at::avg_pool3d(volume, kernel, stride, pad, /*ceil_mode=*/false, including_pad);
      });
}

// An average pooling that divides by one.
at::Tensor sum_pool(const at::Tensor& x, const PoolingWindow& window) {
  static constexpr int64_t kDivisor = 1;
  const bool plain = window.is_plain();
  return pool(
      plain ? x : window.pad_to_windows(x, 0.0), window,
      plain ? window.pad() : Shape(window.pad().size(), 0),
      [](const at::Tensor& image, const Shape& kernel, const Shape& stride, const Shape& pad) {
        return at::avg_pool2d(image, kernel, stride, pad, /*ceil_mode=*/false,
                              /*count_include_pad=*/true, kDivisor);
      },
      [](const at::Tensor& volume, const Shape& kernel, const Shape& stride, const Shape& pad) {
        return at::avg_pool3d(volume, kernel, stride, pad, /*ceil_mode=*/false,
                              /*count_include_pad=*/true, kDivisor);
      });
}

}  // namespace

OutputTypes infer(const MaxPooling& op, InputTypes inputs) {
  return infer_pooling(op, inputs);
}

OutputTensors forward(const MaxPooling& op, InputTensors inputs, ForwardContext&) {
  const PoolingWindow window(op);
  return {map_images(inputs[0], window.spatial_dims(), op.channel_last, [&](const at::Tensor& x) {
    if (window.is_plain()) return max_pool(x, window, window.pad());
    const double lowest = -std::numeric_limits<double>::infinity();
    return max_pool(window.pad_to_windows(x, lowest), window, Shape(window.pad().size(), 0));
  })};
}

OutputTypes infer(const AveragePooling& op, InputTypes inputs) {
  return infer_pooling(op, inputs);
}

OutputTensors forward(const AveragePooling& op, InputTensors inputs, ForwardContext&) {
  const PoolingWindow window(op);
  return {map_images(inputs[0], window.spatial_dims(), op.channel_last, [&](const at::Tensor& x) {
    if (window.is_plain()) return average_pool(x, window, op.including_pad);
    return sum_pool(x, window) / window.counts(x, op.including_pad);
  })};
}

OutputTypes infer(const SumPooling& op, InputTypes inputs) {
  return infer_pooling(op, inputs);
}

OutputTensors forward(const SumPooling& op, InputTensors inputs, ForwardContext&) {
  const PoolingWindow window(op);
  return {map_images(inputs[0], window.spatial_dims(), op.channel_last,
                     [&](const at::Tensor& x) { return sum_pool(x, window); })};
}

OutputTypes infer(const GlobalAveragePooling& op, InputTypes inputs) {
  Shape y = inputs[0].shape;
  OCTET_CHECK(y.rank() >= 3, op.kType,
              "input {} must have at least 3 dimensions: (N, C, spatial...)", to_string(y));
  std::fill(y.begin() + 2, y.end(), 1);
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const GlobalAveragePooling&, InputTensors inputs, ForwardContext&) {
  IntList axes;
  for (int64_t i = 2; i < inputs[0].dim(); ++i) axes.push_back(i);
  return {inputs[0].mean(axes, /*keepdim=*/true)};
}

}  // namespace octet
