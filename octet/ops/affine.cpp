#include "octet/ops/affine.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"

namespace octet {

OutputTypes infer(const Affine& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  OCTET_CHECK(w.rank() >= 2, op.kType,
              "weight {} must have at least 2 dimensions: (inputs, outputs...)", to_string(w));
  OCTET_CHECK(op.base_axis >= 0 && op.base_axis < x.rank(), op.kType,
              "base_axis {} is outside of input {}", op.base_axis, to_string(x));
  const int64_t elements = x.num_elements(op.base_axis, x.rank());
  OCTET_CHECK(elements == w[0], op.kType,
              "input {} has {} elements from base_axis {} on, weight {} takes {}", to_string(x),
              elements, op.base_axis, to_string(w), w[0]);
  const Shape outputs(std::vector<int64_t>(w.begin() + 1, w.end()));
  if (inputs.size() > 2) check_shape(op.kType, "bias", inputs[2].shape, outputs);
  Shape y(std::vector<int64_t>(x.begin(), x.begin() + op.base_axis));
  y.insert(y.end(), outputs.begin(), outputs.end());
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Affine& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor weight = inputs[1].flatten(1);
  const at::Tensor x = inputs[0].reshape({-1, weight.size(0)});
  const at::Tensor y =
      inputs.size() > 2 ? at::addmm(inputs[2].flatten(), x, weight) : at::mm(x, weight);
  Shape shape(inputs[0].sizes().slice(0, op.base_axis).vec());
  shape.insert(shape.end(), inputs[1].sizes().begin() + 1, inputs[1].sizes().end());
  return {y.reshape(shape)};
}

}  // namespace octet
