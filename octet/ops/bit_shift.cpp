#include "octet/ops/bit_shift.h"

#include <ATen/ATen.h>

#include <limits>

#include "octet/base/error.h"
#include "octet/ops/elementwise.h"

namespace octet {
namespace {

DType type_of_bits(const BitShift& op) {
  OCTET_CHECK(op.bits == 8 || op.bits == 16 || op.bits == 32 || op.bits == 64, op.kType,
              "bits {} must be 8, 16, 32 or 64", op.bits);
  if (op.bits == 8) return DType::kUInt8;
  return op.bits == 16 ? DType::kInt32 : DType::kInt64;
}

}  // namespace

OutputTypes infer(const BitShift& op, InputTypes inputs) {
  OCTET_CHECK(op.direction == "LEFT" || op.direction == "RIGHT", op.kType,
              "direction '{}' must be LEFT or RIGHT", op.direction);
  const DType type = type_of_bits(op);
  OCTET_CHECK(inputs[0].dtype == type, op.kType, "of {} bits needs {} inputs, got {}", op.bits,
              to_string(type), to_string(inputs[0].dtype));
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const BitShift& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor x = inputs[0].to(at::kLong);
  const at::Tensor given = inputs[1].to(at::kLong);
  // A machine's shift is not defined for as many places as it has bits, so one place is moved
  // apart.
  const at::Tensor beyond = given.ge(op.bits).logical_or(given.lt(0));
  const at::Tensor places = given.masked_fill(beyond, 0);
  const at::Tensor none = places.eq(0);
  const at::Tensor others = (places - 1).clamp_min(0);
  at::Tensor y;
  if (op.direction == "LEFT") {
    y = at::bitwise_left_shift(at::bitwise_left_shift(x, others), at::ones_like(others));
  } else {
    // Without the sign, which a shift to the right would repeat.
    const at::Tensor halved = at::bitwise_right_shift(x, at::ones_like(x));
    y = at::bitwise_right_shift(halved.bitwise_and(std::numeric_limits<int64_t>::max()), others);
  }
  y = at::where(none, x, y).masked_fill(beyond, 0);
  if (op.bits < 64) y = y.bitwise_and((int64_t{1} << op.bits) - 1);
  return {y.to(inputs[0].scalar_type())};
}

}  // namespace octet
