// The functional API: F::relu(x), F::max_pooling(x, {.kernel = {2, 2}}), F::concatenate({a, b},
// ...).
//
// One function per row of ops.inc, with the operation's inputs as arguments and its attribute
// struct last. What an operation computes, its shapes and its errors stand in its header,
// octet/ops/<name>.h.
#pragma once

#include <concepts>

#include "octet/graph/network.h"

namespace octet::F {

// Applies an operation to handles; the network is that of the first input.
inline VariableRef apply(const Attributes& attributes, const std::vector<VariableRef>& inputs) {
  return inputs.at(0).network().apply(attributes, inputs);
}

namespace detail {

// Whether the operation can be called with `given` positional inputs.
template <class Operation>
constexpr bool takes(size_t given) {
  size_t required = 0;
  bool variadic = false;
  for (const InputSpec& spec : Operation::kInputs) {
    required += spec.optional ? 0 : 1;
    variadic = variadic || spec.variadic;
  }
  return !variadic && given >= required && given <= Operation::kInputs.size();
}

template <class Operation>
concept HasInputs = requires {
  Operation::kInputs;
};

template <class Operation>
auto call(const std::vector<VariableRef>& inputs, const Operation& attributes) {
  if constexpr (requires { Operation::kManyOutputs; }) {
    return inputs.at(0).network().apply_all(attributes, inputs);
  } else {
    return inputs.at(0).network().apply(attributes, inputs);
  }
}

}  // namespace detail

// The template parameter only lets the attributes be written as {.field = value}; it is always the
// operation itself.
#define OCTET_OP(Type, name)                                                                 \
  template <std::same_as<Type> A = Type>                                                     \
  requires detail::HasInputs<A>                                                              \
  auto name(const std::vector<VariableRef>& inputs, const A& attributes = {}) {              \
    return detail::call(inputs, attributes);                                                 \
  }                                                                                          \
  template <std::same_as<Type> A = Type>                                                     \
  requires(detail::takes<A>(1)) auto name(const VariableRef& x, const A& attributes = {}) {  \
    return detail::call<A>({x}, attributes);                                                 \
  }                                                                                          \
  template <std::same_as<Type> A = Type>                                                     \
  requires(detail::takes<A>(2)) auto name(const VariableRef& x0, const VariableRef& x1,      \
                                          const A& attributes = {}) {                        \
    return detail::call<A>({x0, x1}, attributes);                                            \
  }                                                                                          \
  template <std::same_as<Type> A = Type>                                                     \
  requires(detail::takes<A>(3)) auto name(const VariableRef& x0, const VariableRef& x1,      \
                                          const VariableRef& x2, const A& attributes = {}) { \
    return detail::call<A>({x0, x1, x2}, attributes);                                        \
  }
#include "octet/ops/ops.inc"
#undef OCTET_OP

}  // namespace octet::F

namespace octet {

// Operators: element-wise, with broadcasting; numbers become scalar operations.
inline VariableRef operator+(const VariableRef& a, const VariableRef& b) {
  return F::add2(a, b);
}
inline VariableRef operator-(const VariableRef& a, const VariableRef& b) {
  return F::sub2(a, b);
}
inline VariableRef operator*(const VariableRef& a, const VariableRef& b) {
  return F::mul2(a, b);
}
inline VariableRef operator/(const VariableRef& a, const VariableRef& b) {
  return F::div2(a, b);
}
inline VariableRef operator+(const VariableRef& a, double b) {
  return F::add_scalar(a, {.val = b});
}
inline VariableRef operator+(double a, const VariableRef& b) {
  return F::add_scalar(b, {.val = a});
}
inline VariableRef operator-(const VariableRef& a, double b) {
  return F::add_scalar(a, {.val = -b});
}
inline VariableRef operator-(double a, const VariableRef& b) {
  return F::r_sub_scalar(b, {.val = a});
}
inline VariableRef operator*(const VariableRef& a, double b) {
  return F::mul_scalar(a, {.val = b});
}
inline VariableRef operator*(double a, const VariableRef& b) {
  return F::mul_scalar(b, {.val = a});
}
// As a product with 1 / b.
inline VariableRef operator/(const VariableRef& a, double b) {
  return F::mul_scalar(a, {.val = 1 / b});
}
inline VariableRef operator/(double a, const VariableRef& b) {
  return F::r_div_scalar(b, {.val = a});
}
inline VariableRef operator-(const VariableRef& a) {
  return F::mul_scalar(a, {.val = -1});
}

}  // namespace octet
