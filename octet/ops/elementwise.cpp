#include "octet/ops/elementwise.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "octet/base/error.h"

namespace octet {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class StraightThrough : public torch::autograd::Function<StraightThrough> {
 public:
  static at::Tensor forward(AutogradContext*, const at::Tensor&, const at::Tensor& y) { return y; }

  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return {gradients[0], at::Tensor()};
  }
};

}  // namespace

DType float_dtype(DType dtype) {
  return dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
}

at::Tensor as_float(const at::Tensor& x) {
  return x.is_floating_point() ? x : x.to(at::kFloat);
}

at::Tensor as_float_like(const at::Tensor& truth, const at::Tensor& x) {
  return truth.to(x.is_floating_point() ? x.scalar_type() : at::kFloat);
}

OutputTypes infer_unary(InputTypes inputs) {
  return {{float_dtype(inputs[0].dtype), inputs[0].shape, {}}};
}

OutputTypes infer_broadcast(std::string_view type, InputTypes inputs) {
  VariableType y{inputs[0].dtype, inputs[0].shape, {}};
  for (const VariableType& x : inputs.subspan(1)) {
    OCTET_CHECK(x.dtype == y.dtype, type, "inputs of type {} and {} do not go together",
                to_string(y.dtype), to_string(x.dtype));
    y.shape = broadcast_shapes(y.shape, x.shape, type);
  }
  return {y};
}

OutputTypes infer_broadcast_float(std::string_view type, InputTypes inputs) {
  OutputTypes types = infer_broadcast(type, inputs);
  types[0].dtype = float_dtype(types[0].dtype);
  return types;
}

at::Tensor straight_through(const at::Tensor& x, const at::Tensor& y) {
  return StraightThrough::apply(x, y);
}

}  // namespace octet
