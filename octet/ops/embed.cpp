#include "octet/ops/embed.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Embed& op, InputTypes inputs) {
  const Shape& w = inputs[1].shape;
  OCTET_CHECK(w.rank() >= 1, op.kType,
              "the table must have at least 1 dimension: (rows, values...)");
  Shape y = inputs[0].shape;
  y.insert(y.end(), w.begin() + 1, w.end());
  return {{inputs[1].dtype, y, {}}};
}

OutputTensors forward(const Embed& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor rows =
      checked_indices(inputs[0], inputs[1].size(0), location(context, op.kType));
  Shape shape(rows.sizes().vec());
  shape.insert(shape.end(), inputs[1].sizes().begin() + 1, inputs[1].sizes().end());
  return {inputs[1].index_select(0, rows.flatten()).reshape(shape)};
}

}  // namespace octet
