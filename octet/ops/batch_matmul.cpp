#include "octet/ops/batch_matmul.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const BatchMatmul& op, InputTypes inputs) {
  Shape a = inputs[0].shape;
  Shape b = inputs[1].shape;
  OCTET_CHECK(a.rank() >= (op.transpose_a ? 2 : 1) && b.rank() >= (op.transpose_b ? 2 : 1),
              op.kType, "{}{} and {}{} must be matrices or vectors", to_string(a),
              op.transpose_a ? " transposed" : "", to_string(b),
              op.transpose_b ? " transposed" : "");
  OCTET_CHECK(inputs[0].dtype == inputs[1].dtype, op.kType, "cannot multiply {} and {}",
              to_string(inputs[0].dtype), to_string(inputs[1].dtype));
  check_number(inputs[0], op.kType);
  const bool row = a.rank() == 1;
  const bool column = b.rank() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
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
  if (!row) y.push_back(rows);
  if (!column) y.push_back(columns);
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const BatchMatmul& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor a = op.transpose_a ? inputs[0].transpose(-2, -1) : inputs[0];
  const at::Tensor b = op.transpose_b ? inputs[1].transpose(-2, -1) : inputs[1];
  return {at::matmul(a, b)};
}

}  // namespace octet
