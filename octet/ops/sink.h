// Ends and cuts of the flow of gradients.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// One scalar that depends on all inputs, so that several outputs can be computed in one run. With
// one_input_grad it is the sum of all their elements, so that backward() hands each a gradient of
// ones; without, it is zero and hands on none. Its type is the first input's, float32 for integers.
struct Sink {
  OCTET_ATTRIBUTES(Sink, one_input_grad)
  static constexpr std::array kInputs{InputSpec{.name = "x", .variadic = true}};
  bool one_input_grad = true;
};

// y = x, with no gradient.
struct Unlink {
  OCTET_ATTRIBUTES(Unlink)
  static constexpr std::array kInputs{InputSpec{"x"}};
};

}  // namespace octet
