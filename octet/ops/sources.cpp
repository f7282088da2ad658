#include "octet/ops/sources.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// start + step * i in double precision, rounded once.
at::Tensor progression(double start, double step, int64_t count, c10::Device device) {
  const at::Tensor i = at::arange(count, at::TensorOptions().dtype(at::kDouble).device(device));
  return (start + step * i).to(at::kFloat);
}

int64_t count_of(const Arange& op) {
  OCTET_CHECK(op.step != 0, op.kType, "step must not be 0");
  // In float32, where the quotient of two decimal fractions is as round as their decimals.
  const float count = std::ceil((op.stop - op.start) / op.step);
  OCTET_CHECK(count <= static_cast<float>(std::numeric_limits<int32_t>::max()), op.kType,
              "start {}, stop {} and step {} do not give a list of numbers", op.start, op.stop,
              op.step);
  return count > 0 ? static_cast<int64_t>(count) : 0;
}

}  // namespace

OutputTypes infer(const Constant& op, InputTypes) {
  for (const int64_t extent : op.shape) {
    OCTET_CHECK(extent >= 0, op.kType, "shape {} must be known", to_string(op.shape));
  }
  return {{DType::kFloat32, op.shape, {}}};
}

OutputTensors forward(const Constant& op, InputTensors, ForwardContext& context) {
  return {at::full(op.shape, op.val, at::TensorOptions().dtype(at::kFloat).device(context.device))};
}

OutputTypes infer(const Arange& op, InputTypes) {
  return {{DType::kFloat32, {count_of(op)}, {}}};
}

OutputTensors forward(const Arange& op, InputTensors, ForwardContext& context) {
  return {progression(op.start, op.step, count_of(op), context.device)};
}

OutputTypes infer(const Linspace& op, InputTypes) {
  OCTET_CHECK(op.num >= 0, op.kType, "num {} must not be negative", op.num);
  return {{DType::kFloat32, {op.num}, {}}};
}

OutputTensors forward(const Linspace& op, InputTensors, ForwardContext& context) {
  const double range = static_cast<double>(op.stop) - static_cast<double>(op.start);
  const double step = op.num > 1 ? range / static_cast<double>(op.num - 1) : 0.0;
  return {progression(op.start, step, op.num, context.device)};
}

}  // namespace octet
