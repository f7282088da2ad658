// Chooses between two tensors element by element: x_true where the condition is not 0, else
// x_false. The gradient goes to the chosen one; the condition has none.
//
// x_true and x_false have the same shape, and the condition has the first dimensions of it: each of
// its elements decides for all that lies behind it. With `broadcast`, all three follow NumPy's rule
// instead. Throws Error for other shapes and for x_true and x_false of different element types.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Where {
  OCTET_ATTRIBUTES(Where, broadcast)
  static constexpr std::array kInputs{InputSpec{.name = "condition", .exact = true},
                                      InputSpec{"x_true"}, InputSpec{"x_false"}};
  bool broadcast = false;
};

}  // namespace octet
