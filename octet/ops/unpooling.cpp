#include "octet/ops/unpooling.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/spatial.h"

namespace octet {

OutputTypes infer(const Unpooling& op, InputTypes inputs) {
  Shape y = inputs[0].shape;
  const int64_t first = first_spatial_axis(op.kType, y, op.kernel.rank(), op.channel_last);
  for (int64_t i = 0; i < op.kernel.rank(); ++i) {
    OCTET_CHECK(op.kernel[i] >= 1, op.kType, "kernel {} must not be below 1", to_string(op.kernel));
    if (y[first + i] != kFreeDim) y[first + i] *= op.kernel[i];
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Unpooling& op, InputTensors inputs, ForwardContext&) {
  at::Tensor y = inputs[0];
  const int64_t first = y.dim() - op.kernel.rank() - (op.channel_last ? 1 : 0);
  for (int64_t i = 0; i < op.kernel.rank(); ++i) {
    const int64_t axis = first + i;
    const at::Tensor inserted = y.unsqueeze(axis + 1);
    Shape repeated(inserted.sizes().vec());
    repeated[axis + 1] = op.kernel[i];
    y = inserted.expand(repeated).flatten(axis, axis + 1);
  }
  return {y};
}

}  // namespace octet
