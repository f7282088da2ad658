#include "octet/ops/concatenate.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

constexpr int64_t kNoAxis = -1;

// The common type of all inputs; the extent of `except` may differ and is summed.
VariableType joined_type(std::string_view type, InputTypes inputs, int64_t except) {
  VariableType joined{inputs[0].dtype, inputs[0].shape, {}};
  for (size_t k = 1; k < inputs.size(); ++k) {
    const Shape& other = inputs[k].shape;
    bool fits = other.rank() == joined.shape.rank();
    for (int64_t i = 0; fits && i < other.rank(); ++i) {
      fits = i == except || extents_agree(joined.shape[i], other[i]);
    }
    OCTET_CHECK(fits, type, "input {} has shape {}, which does not fit input 0, {}", k,
                to_string(other), to_string(inputs[0].shape));
    OCTET_CHECK(inputs[k].dtype == joined.dtype, type, "input {} is {}, but input 0 is {}", k,
                to_string(inputs[k].dtype), to_string(joined.dtype));
    for (int64_t i = 0; i < other.rank(); ++i) {
      int64_t& extent = joined.shape[i];
      if (i == except) {
        extent = extent == kFreeDim || other[i] == kFreeDim ? kFreeDim : extent + other[i];
      } else if (extent == kFreeDim) {
        extent = other[i];
      }
    }
  }
  return joined;
}

}  // namespace

OutputTypes infer(const Concatenate& op, InputTypes inputs) {
  return {joined_type(op.kType, inputs, normalize_axis(op.axis, inputs[0].shape.rank(), op.kType))};
}

OutputTensors forward(const Concatenate& op, InputTensors inputs, ForwardContext&) {
  return {at::cat(at::TensorList(inputs.data(), inputs.size()), op.axis)};
}

OutputTypes infer(const Stack& op, InputTypes inputs) {
  const int64_t axis = normalize_axis(op.axis, inputs[0].shape.rank() + 1, op.kType);
  VariableType stacked = joined_type(op.kType, inputs, kNoAxis);
  stacked.shape.insert(stacked.shape.begin() + axis, static_cast<int64_t>(inputs.size()));
  return {stacked};
}

OutputTensors forward(const Stack& op, InputTensors inputs, ForwardContext&) {
  return {at::stack(at::TensorList(inputs.data(), inputs.size()), op.axis)};
}

}  // namespace octet
