// Integers in the arithmetic of a file's nodes: what a value is made of, seen from behind.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// q - zero_point, in floats.
struct CentredIntegers {
  VariableId q = kNoId;
  float zero_point = 0;
};

// (q - zero_point) * scale, in float32.
struct RealIntegers {
  CentredIntegers integers;
  at::Tensor scale;  // of one value, or broadcasting to q
};

// value * factor
struct ScaledValue {
  VariableId value = kNoId;
  at::Tensor factor;
};

// Looks at the graph as it is at the time; both outlive it.
class IntegerPatterns {
 public:
  IntegerPatterns(const Graph& graph, const ParameterStore& parameters)
      : graph_(graph), parameters_(parameters) {}

  // The function that makes the value, if it is one of `Op`; kNoId otherwise.
  template <class Op>
  FunctionId made_by(VariableId value) const {
    const FunctionId id = graph_.variable(value).producer;
    const bool is = id != kNoId && std::holds_alternative<Op>(graph_.function(id).attributes);
    return is ? id : kNoId;
  }

  // The value of a parameter; undefined for what is computed.
  at::Tensor constant(VariableId value) const;
  // Likewise, of one element.
  std::optional<float> number(VariableId value) const;

  // What a Cast to that type takes; kNoId for any other value.
  VariableId cast_of(VariableId value, DType to) const;

  // Whether both have one shape: a constant of one element may still add dimensions.
  bool same_shape(VariableId a, VariableId b) const {
    return graph_.variable(a).type.shape == graph_.variable(b).type.shape;
  }

  // Each gives nothing for a value that is made otherwise, or that constants made larger.
  std::optional<CentredIntegers> centred(VariableId value, DType type) const;
  std::optional<ScaledValue> scaled(VariableId value) const;
  // Cast, Sub and Mul; or a DequantizeLinear of int32.
  std::optional<RealIntegers> real(VariableId value) const;

 private:
  bool is_small_integer(VariableId value) const;

  const Graph& graph_;
  const ParameterStore& parameters_;
};

}  // namespace octet
