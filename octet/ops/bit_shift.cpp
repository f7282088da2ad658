#include "octet/ops/bit_shift.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/elementwise.h"

namespace octet {

OutputTypes infer(const BitShift& op, InputTypes inputs) {
  OCTET_CHECK(op.direction == "LEFT" || op.direction == "RIGHT", op.kType,
              "direction '{}' must be LEFT or RIGHT", op.direction);
  OCTET_CHECK(inputs[0].dtype == DType::kUInt8, op.kType, "needs uint8 inputs, got {}",
              to_string(inputs[0].dtype));
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const BitShift& op, InputTensors inputs, ForwardContext&) {
  // In int32, which has room for all places.
  constexpr int kBits = 8;
  const at::Tensor x = inputs[0].to(at::kInt);
  const at::Tensor places = inputs[1].to(at::kInt).clamp_max(kBits);
  const at::Tensor y = op.direction == "LEFT" ? at::bitwise_left_shift(x, places)
                                              : at::bitwise_right_shift(x, places);
  return {y.bitwise_and(0xff).to(at::kByte)};
}

}  // namespace octet
