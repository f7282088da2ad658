// Sum, mean, product, norm and logarithm of a sum of exponentials over axes.
//
// x: any shape. `axes`: the dimensions to reduce, negative ones counted from the end; empty means
// all. The reduced dimensions disappear, or stay with extent 1 with keep_dims.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Sum {
  OCTET_ATTRIBUTES(Sum, axes, keep_dims)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
};

// Of floats only.
struct Mean {
  OCTET_ATTRIBUTES(Mean, axes, keep_dims)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
};

struct Prod {
  OCTET_ATTRIBUTES(Prod, axes, keep_dims)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
};

// y = (sum |x|^p)^(1/p), p > 0. The gradient at a norm of zero is zero.
struct Norm {
  OCTET_ATTRIBUTES(Norm, p, axes, keep_dims)
  static constexpr std::array kInputs{InputSpec{"x"}};
  float p = 2.0F;
  IntList axes = {};
  bool keep_dims = false;
};

// y = log(sum e^x), without overflow. ONNX's ReduceLogSumExp.
struct LogSumExp {
  OCTET_ATTRIBUTES(LogSumExp, axes, keep_dims)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
};

}  // namespace octet
