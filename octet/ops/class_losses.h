// Losses over classes. x: any shape with one score per class at `axis`; target: the same shape with
// extent 1 at `axis`, the class as an integer or an integer-valued float. The loss has target's
// shape; nothing is summed. A label of -1 belongs to no class: loss and gradient are zero. Any
// other label that is not one of the classes is an Error that names it.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// -log softmax(x)[target].
struct SoftmaxCrossEntropy {
  OCTET_ATTRIBUTES(SoftmaxCrossEntropy, axis)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
  int64_t axis = -1;
};

// -log x[target], where x are probabilities; those below the smallest normal float count as that
// and get no gradient.
struct CategoricalCrossEntropy {
  OCTET_ATTRIBUTES(CategoricalCrossEntropy, axis)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
  int64_t axis = -1;
};

}  // namespace octet
