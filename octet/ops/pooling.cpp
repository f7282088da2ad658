#include "octet/ops/pooling.h"

#include <ATen/ATen.h>

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

// Sizes for a pooling over two dimensions where there is one: (1, size).
Shape two(const Shape& sizes, int64_t filler) {
  return sizes.rank() == 1 ? Shape{filler, sizes[0]} : sizes;
}

at::Tensor max_pool(const at::Tensor& x, const PoolingWindow& window, const Shape& pad) {
  if (window.spatial_dims() == 3) return at::max_pool3d(x, window.kernel(), window.stride(), pad);
  const at::Tensor image = window.spatial_dims() == 1 ? x.unsqueeze(2) : x;
  const at::Tensor y =
      at::max_pool2d(image, two(window.kernel(), 1), two(window.stride(), 1), two(pad, 0));
  return window.spatial_dims() == 1 ? y.squeeze(2) : y;
}

at::Tensor average_pool(const at::Tensor& x, const PoolingWindow& window, const Shape& pad,
                        bool including_pad, std::optional<int64_t> divisor = {}) {
  const c10::optional<int64_t> override = divisor ? c10::optional<int64_t>(*divisor) : c10::nullopt;
  if (window.spatial_dims() == 3) {
    return at::avg_pool3d(x, window.kernel(), window.stride(), pad, /*ceil_mode=*/false,
                          including_pad, override);
  }
  const at::Tensor image = window.spatial_dims() == 1 ? x.unsqueeze(2) : x;
  const at::Tensor y = at::avg_pool2d(image, two(window.kernel(), 1), two(window.stride(), 1),
                                      two(pad, 0), /*ceil_mode=*/false, including_pad, override);
  return window.spatial_dims() == 1 ? y.squeeze(2) : y;
}

at::Tensor sum_pool(const at::Tensor& x, const PoolingWindow& window) {
  if (window.is_plain()) {
    return average_pool(x, window, window.pad(), /*including_pad=*/true, /*divisor=*/1);
  }
  return average_pool(window.pad_to_windows(x, 0.0), window, Shape(window.pad().size(), 0),
                      /*including_pad=*/true, /*divisor=*/1);
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
    if (window.is_plain()) return average_pool(x, window, window.pad(), op.including_pad);
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
