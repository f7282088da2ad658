#include "octet/ops/one_hot.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const OneHot& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  OCTET_CHECK(x.rank() >= 1 && extents_agree(x.back(), op.shape.rank()), op.kType,
              "the last dimension of {} must be the number of extents of shape {}", to_string(x),
              to_string(op.shape));
  for (const int64_t extent : op.shape) {
    OCTET_CHECK(extent >= 1, op.kType, "shape {} must be positive", to_string(op.shape));
  }
  Shape y(std::vector<int64_t>(x.begin(), x.end() - 1));
  y.insert(y.end(), op.shape.begin(), op.shape.end());
  return {{is_floating(inputs[0].dtype) ? inputs[0].dtype : DType::kFloat32, y, {}}};
}

OutputTensors forward(const OneHot& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  at::Tensor position;
  for (int64_t i = 0; i < op.shape.rank(); ++i) {
    const at::Tensor index =
        checked_indices(x.select(-1, i), op.shape[i], location(context, op.kType));
    position = i == 0 ? index : position * op.shape[i] + index;
  }
  IntList sizes = x.sizes().slice(0, x.dim() - 1).vec();
  sizes.insert(sizes.end(), op.shape.begin(), op.shape.end());
  return {at::one_hot(position, op.shape.num_elements())
              .to(x.is_floating_point() ? x.scalar_type() : at::kFloat)
              .reshape(sizes)};
}

}  // namespace octet
