// Shared by the element-wise operations: their shape rules, and macros that make an operation of
// one line cost one line in its header and one in its source file.
//
//   OCTET_UNARY(Exp);                         // header: y = e^x
//   OCTET_FORWARD_UNARY(Exp, at::exp(x))      // source
#pragma once

#include <string_view>

#include "octet/ops/op_types.h"

namespace octet {

// The element type that an operation of real numbers gives: floats keep theirs, all others count as
// float32.
DType float_dtype(DType dtype);
at::Tensor as_float(const at::Tensor& x);
// 0 and 1, in the type of as_float(x), for a tensor of truth values computed from x.
at::Tensor as_float_like(const at::Tensor& truth, const at::Tensor& x);

// The type of f(x) for real numbers: x's shape.
OutputTypes infer_unary(InputTypes inputs);

// The broadcast shape of all inputs and their element type. Throws Error "[type] ..." if the shapes
// do not broadcast or the element types differ.
OutputTypes infer_broadcast(std::string_view type, InputTypes inputs);
// Likewise with float_dtype() of the element type.
OutputTypes infer_broadcast_float(std::string_view type, InputTypes inputs);

// y in value, but with x's gradient: the incoming one passes to x unchanged and y gets none (the
// straight-through estimator of Bengio et al., 2013, "Estimating or Propagating Gradients Through
// Stochastic Neurons"). y is a fresh tensor of x's shape.
at::Tensor straight_through(const at::Tensor& x, const at::Tensor& y);

}  // namespace octet

// The struct of an operation without attributes.
#define OCTET_UNARY(Type)                                \
  struct Type {                                          \
    OCTET_ATTRIBUTES(Type)                               \
    static constexpr std::array kInputs{InputSpec{"x"}}; \
  }
#define OCTET_BINARY(Type)                                                 \
  struct Type {                                                            \
    OCTET_ATTRIBUTES(Type)                                                 \
    static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}}; \
  }

// infer() and forward() of an operation on one float tensor `x` with attributes `op`.
#define OCTET_FORWARD_UNARY(Type, expression)                                                    \
  OutputTypes infer(const Type&, InputTypes inputs) {                                            \
    return infer_unary(inputs);                                                                  \
  }                                                                                              \
  OutputTensors forward([[maybe_unused]] const Type& op, InputTensors inputs, ForwardContext&) { \
    const at::Tensor x = as_float(inputs[0]);                                                    \
    return {expression};                                                                         \
  }

// infer() and forward() of an operation on two tensors `x0` and `x1` that keeps their type.
#define OCTET_FORWARD_BINARY(Type, expression)                                                   \
  OutputTypes infer(const Type& op, InputTypes inputs) {                                         \
    return infer_broadcast(op.kType, inputs);                                                    \
  }                                                                                              \
  OutputTensors forward([[maybe_unused]] const Type& op, InputTensors inputs, ForwardContext&) { \
    const at::Tensor& x0 = inputs[0];                                                            \
    const at::Tensor& x1 = inputs[1];                                                            \
    return {expression};                                                                         \
  }

// Likewise for two tensors of real numbers.
#define OCTET_FORWARD_BINARY_FLOAT(Type, expression)                                             \
  OutputTypes infer(const Type& op, InputTypes inputs) {                                         \
    return infer_broadcast_float(op.kType, inputs);                                              \
  }                                                                                              \
  OutputTensors forward([[maybe_unused]] const Type& op, InputTensors inputs, ForwardContext&) { \
    const at::Tensor x0 = as_float(inputs[0]);                                                   \
    const at::Tensor x1 = as_float(inputs[1]);                                                   \
    return {expression};                                                                         \
  }
