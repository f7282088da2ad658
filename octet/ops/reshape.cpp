#include "octet/ops/reshape.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// The attribute with its zeros replaced by x's extents; -1 may now also mean a free extent of x.
Shape with_kept_extents(const Reshape& op, const Shape& x) {
  Shape y = op.shape;
  for (int64_t i = 0; i < y.rank(); ++i) {
    OCTET_CHECK(y[i] >= -1 && (y[i] != 0 || i < x.rank()), op.kType,
                "shape {} for an input of {}: each extent must be positive, -1 (what remains) or 0 "
                "(that of the input)",
                to_string(op.shape), to_string(x));
    if (y[i] == 0) y[i] = x[i];
  }
  return y;
}

int64_t known_elements(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent == kFreeDim ? 1 : extent;
  return product;
}

}  // namespace

OutputTypes infer(const Reshape& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  Shape y = with_kept_extents(op, x);
  const auto remains = std::find(op.shape.begin(), op.shape.end(), -1);
  const bool has_remainder = remains != op.shape.end();
  OCTET_CHECK(!has_remainder || std::find(remains + 1, op.shape.end(), -1) == op.shape.end(),
              op.kType, "shape {} has more than one -1", to_string(op.shape));
  const int64_t given = known_elements(x);
  const int64_t wanted = known_elements(y);
  const auto free_in_x = std::count(x.begin(), x.end(), kFreeDim);
  const auto free_kept = std::count(y.begin(), y.end(), kFreeDim) - (has_remainder ? 1 : 0);
  bool fits = true;
  if (free_in_x > free_kept) {
    // Some free extent of x goes into the remainder, which stays free, or is fixed by the others.
    fits = has_remainder || (given != 0 && wanted % given == 0);
  } else if (has_remainder) {
    fits = wanted != 0 && given % wanted == 0;
    if (fits) y[remains - op.shape.begin()] = given / wanted;
  } else {
    fits = given == wanted;
  }
  OCTET_CHECK(fits, op.kType, "{} does not fit into the shape {}", to_string(x),
              to_string(op.shape));
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Reshape& op, InputTensors inputs, ForwardContext&) {
  return {inputs[0].reshape(with_kept_extents(op, Shape(inputs[0].sizes().vec())))};
}

}  // namespace octet
