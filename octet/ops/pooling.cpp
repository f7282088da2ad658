#include "octet/ops/pooling.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
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

struct Maxima {
  at::Tensor values;
  at::Tensor index;  // within each image (spatial...)
};

Maxima max_pool(const at::Tensor& x, const PoolingWindow& window, const Shape& pad) {
  const Shape& kernel = window.kernel();
  const Shape& stride = window.stride();
  const Shape& dilation = window.dilation();
  if (window.spatial_dims() == 3) {
    const auto [y, i] = at::max_pool3d_with_indices(x, kernel, stride, pad, dilation);
    return {y, i};
  }
  if (window.spatial_dims() == 2) {
    const auto [y, i] = at::max_pool2d_with_indices(x, kernel, stride, pad, dilation);
    return {y, i};
  }
  const auto [y, i] =
      at::max_pool2d_with_indices(x.unsqueeze(2), Shape{1, kernel[0]}, Shape{1, stride[0]},
                                  Shape{0, pad[0]}, Shape{1, dilation[0]});
  return {y.squeeze(2), i.squeeze(2)};
}

// Positions in images that begin `offset` inside of padded ones, counted through all of x.
at::Tensor position_in_input(at::Tensor index, const at::Tensor& padded, const at::Tensor& x,
                             const Shape& offset, bool column_major) {
  std::vector<at::Tensor> coordinates(offset.size());
  for (int64_t i = offset.rank() - 1; i >= 0; --i) {
    const int64_t extent = padded.size(2 + i);
    // Where all of a window is -inf, its padding may have been taken.
    coordinates[i] = index.remainder(extent).sub(offset[i]).clamp(0, x.size(2 + i) - 1);
    index = index.div(extent, "floor");
  }
  at::Tensor position = at::arange(x.size(0) * x.size(1), index.options());
  position = position.reshape({x.size(0), x.size(1)});
  for (int64_t i = 0; i < offset.rank(); ++i) position = position.unsqueeze(-1);
  for (int64_t i = 0; i < offset.rank(); ++i) {
    const int64_t dim = column_major ? offset.rank() - 1 - i : i;
    position = position * x.size(2 + dim) + coordinates[dim];
  }
  return position;
}

Maxima max_pool(const MaxPooling& op, const PoolingWindow& window, const at::Tensor& x) {
  const bool plain = window.is_plain();
  const at::Tensor padded =
      plain ? x : window.pad_to_windows(x, -std::numeric_limits<double>::infinity());
  const Shape none(window.pad().size(), 0);
  Maxima found = max_pool(padded, window, plain ? window.pad() : none);
  if (op.with_index) {
    found.index =
        position_in_input(found.index, padded, x, plain ? none : window.pad(), op.column_major);
  }
  return found;
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

}  // namespace

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

OutputTypes infer(const MaxPooling& op, InputTypes inputs) {
  OCTET_CHECK(inputs[0].dtype != DType::kInt64 && inputs[0].dtype != DType::kBool, op.kType,
              "needs floats or integers of at most 32 bits, got {}", to_string(inputs[0].dtype));
  OCTET_CHECK(!op.with_index || !op.channel_last, op.kType,
              "with_index does not go with channel_last");
  OutputTypes outputs = infer_pooling(op, inputs);
  if (op.with_index) outputs.push_back({DType::kInt64, outputs[0].shape, {}});
  return outputs;
}

OutputTensors forward(const MaxPooling& op, InputTensors inputs, ForwardContext&) {
  const PoolingWindow window(op);
  const int64_t spatial = window.spatial_dims();
  // ATen pools floats; float64 holds every int32.
  const at::Tensor& input = inputs[0];
  const at::Tensor floats = input.is_floating_point() ? input : input.to(at::kDouble);
  at::Tensor index;
  const at::Tensor y = map_images(floats, spatial, op.channel_last, [&](const at::Tensor& x) {
    Maxima found = max_pool(op, window, x);
    index = found.index;
    return found.values;
  });
  if (!op.with_index) return {y.to(input.scalar_type())};
  return {y.to(input.scalar_type()),
          map_images(floats, spatial, op.channel_last, [&](const at::Tensor&) { return index; })};
}

OutputTypes infer(const AveragePooling& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
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
  check_floating(inputs[0], op.kType);
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
