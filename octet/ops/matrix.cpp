#include "octet/ops/matrix.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

const Shape& checked_square(std::string_view type, const Shape& x) {
  OCTET_CHECK(x.rank() >= 2 && extents_agree(x.back(), x[x.size() - 2]), type,
              "needs square matrices in the last two dimensions, got {}", to_string(x));
  return x;
}

}  // namespace

OutputTypes infer(const MatrixDiag&, InputTypes inputs) {
  Shape y = inputs[0].shape;
  OCTET_CHECK(y.rank() >= 1, MatrixDiag::kType, "needs at least one dimension, got {}",
              to_string(y));
  y.push_back(y.back());
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const MatrixDiag&, InputTensors inputs, ForwardContext&) {
  return {at::diag_embed(inputs[0])};
}

OutputTypes infer(const MatrixDiagPart& op, InputTypes inputs) {
  Shape y = checked_square(op.kType, inputs[0].shape);
  y.pop_back();
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const MatrixDiagPart&, InputTensors inputs, ForwardContext&) {
  return {at::diagonal(inputs[0], /*offset=*/0, /*dim1=*/-2, /*dim2=*/-1)};
}

OutputTypes infer(const Trilu& op, InputTypes inputs) {
  OCTET_CHECK(inputs[0].shape.rank() >= 2, op.kType, "needs at least two dimensions, got {}",
              to_string(inputs[0].shape));
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const Trilu& op, InputTensors inputs, ForwardContext&) {
  return {op.upper ? at::triu(inputs[0], op.k) : at::tril(inputs[0], op.k)};
}

OutputTypes infer(const BatchDet& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  const Shape& x = checked_square(op.kType, inputs[0].shape);
  return {{inputs[0].dtype, std::vector<int64_t>(x.begin(), x.end() - 2), {}}};
}

OutputTensors forward(const BatchDet&, InputTensors inputs, ForwardContext&) {
  return {at::linalg_det(inputs[0])};
}

}  // namespace octet
