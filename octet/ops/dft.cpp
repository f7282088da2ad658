#include "octet/ops/dft.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// The length of the transform of n values; kFreeDim where n is.
int64_t transform_length(const DFT& op, int64_t n) {
  if (op.dft_length > 0) return op.dft_length;
  return op.inverse && op.onesided && n != kFreeDim ? 2 * (n - 1) : n;
}

}  // namespace

OutputTypes infer(const DFT& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  Shape y = inputs[0].shape;
  OCTET_CHECK(y.rank() >= 2 && (y.back() == 1 || y.back() == 2), op.kType,
              "needs an input whose last dimension is 1 (real) or 2 (complex), got {}",
              to_string(y));
  const int64_t axis = normalize_axis(op.axis, y.rank(), op.kType);
  OCTET_CHECK(axis < y.rank() - 1, op.kType, "axis {} is that of the real and imaginary parts",
              op.axis);
  OCTET_CHECK(op.dft_length >= 0, op.kType, "dft_length {} must not be negative", op.dft_length);
  const int64_t parts = op.inverse ? 2 : 1;
  OCTET_CHECK(!op.onesided || y.back() == parts, op.kType,
              "onesided needs {} numbers as input, got {}", op.inverse ? "complex" : "real",
              to_string(y));
  const int64_t length = transform_length(op, y[axis]);
  OCTET_CHECK(length == kFreeDim || length >= 1, op.kType, "has no length for {}", to_string(y));
  const bool half = op.onesided && !op.inverse && length != kFreeDim;
  y[axis] = half ? length / 2 + 1 : length;
  y.back() = op.onesided && op.inverse ? 1 : 2;
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const DFT& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const int64_t axis = normalize_axis(op.axis, x.dim(), op.kType);
  const int64_t length = transform_length(op, x.size(axis));
  const bool real = x.size(-1) == 1;
  const at::Tensor values = real ? x.squeeze(-1) : at::view_as_complex(x.contiguous());
  if (op.onesided && op.inverse) return {at::fft_irfft(values, length, axis).unsqueeze(-1)};
  at::Tensor y;
  if (op.onesided) {
    y = at::fft_rfft(values, length, axis);
  } else {
    y = op.inverse ? at::fft_ifft(values, length, axis) : at::fft_fft(values, length, axis);
  }
  // Of real numbers, libtorch gives one half of the result as a view of the other.
  return {at::view_as_real(y.resolve_conj())};
}

}  // namespace octet
