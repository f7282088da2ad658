#include "octet/ops/quantize_linear.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/quant/fake_quantize.h"
#include "octet/quant/finite.h"

namespace octet {
namespace {

struct DTypeRow {
  int64_t number;
  DType dtype;
};
constexpr std::array kDTypes{DTypeRow{1, DType::kInt8}, DTypeRow{2, DType::kUInt8},
                             DTypeRow{3, DType::kInt16}, DTypeRow{5, DType::kInt32}};

// One value serves a tensor of any rank.
at::Tensor fitting_rank(const at::Tensor& value, const at::Tensor& x) {
  return value.numel() == 1 && value.dim() > x.dim() ? value.reshape({}) : value;
}

}  // namespace

QuantFormat format_of(const QuantizeLinear& op) {
  for (const DTypeRow& row : kDTypes) {
    if (row.number != op.dtype) continue;
    QuantFormat format{row.dtype, static_cast<int>(op.bits), op.narrow_range};
    // int16 and int32 have one width; files that know no `bits` carry 8.
    if (row.dtype == DType::kInt16 || row.dtype == DType::kInt32) {
      format.bits = full_format(row.dtype).bits;
    }
    format.validate(op.kType);
    return format;
  }
  throw_error(op.kType, "dtype {} is not one of 1 (int8), 2 (uint8), 3 (int16), 5 (int32)",
              op.dtype);
}

QuantizeLinear quantize_linear_for(const QuantFormat& format, RoundMode round_mode, Ste ste) {
  QuantizeLinear op;
  for (const DTypeRow& row : kDTypes) {
    if (row.dtype == format.dtype) op.dtype = row.number;
  }
  op.bits = format.bits;
  op.narrow_range = format.narrow_range;
  op.round_mode = to_string(round_mode);
  op.ste = to_string(ste);
  return op;
}

OutputTypes infer(const QuantizeLinear& op, InputTypes inputs) {
  const QuantFormat format = format_of(op);
  parse_round_mode(op.round_mode);
  parse_ste(op.ste);
  for (size_t i = 1; i < 3; ++i) {
    const Shape& shape = inputs[i].shape;
    if (shape.num_elements() == 1) continue;
    const Shape joint = broadcast_shapes(inputs[0].shape, shape, op.kType);
    OCTET_CHECK(joint == inputs[0].shape, op.kType, "{} {} is larger than the input {}",
                op.kInputs[i].name, to_string(shape), to_string(inputs[0].shape));
  }
  return {{format.dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const QuantizeLinear& op, InputTensors inputs, ForwardContext& context) {
  check_finite(inputs[0], context.where);
  check_scale(inputs[1], context.where);
  return {quantize_linear(inputs[0], fitting_rank(inputs[1], inputs[0]),
                          fitting_rank(inputs[2], inputs[0]), format_of(op),
                          parse_round_mode(op.round_mode), parse_ste(op.ste))};
}

}  // namespace octet
