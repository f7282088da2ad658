#include "octet/ops/batch_matmul.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const BatchMatmul& op, InputTypes inputs) {
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  OCTET_CHECK(a.rank() >= 2 && b.rank() >= 2, op.kType,
              "{} and {} must both have at least 2 dimensions", to_string(a), to_string(b));
  const int64_t ra = a.rank();
  const int64_t rb = b.rank();
  const int64_t rows = a[op.transpose_a ? ra - 1 : ra - 2];
  const int64_t inner_a = a[op.transpose_a ? ra - 2 : ra - 1];
  const int64_t inner_b = b[op.transpose_b ? rb - 1 : rb - 2];
  const int64_t columns = b[op.transpose_b ? rb - 2 : rb - 1];
  OCTET_CHECK(inner_a == inner_b || inner_a == kFreeDim || inner_b == kFreeDim, op.kType,
              "inner dimensions {} and {} of {}{} and {}{} differ", inner_a, inner_b, to_string(a),
              op.transpose_a ? " transposed" : "", to_string(b),
              op.transpose_b ? " transposed" : "");
  Shape y = broadcast_shapes(std::vector<int64_t>(a.begin(), a.end() - 2),
                             std::vector<int64_t>(b.begin(), b.end() - 2), op.kType);
  y.push_back(rows);
  y.push_back(columns);
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const BatchMatmul& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor a = op.transpose_a ? inputs[0].transpose(-2, -1) : inputs[0];
  const at::Tensor b = op.transpose_b ? inputs[1].transpose(-2, -1) : inputs[1];
  return {at::matmul(a, b)};
}

}  // namespace octet
