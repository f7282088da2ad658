// -class_weight[target] x[target]: the loss of log-probabilities x.
//
// x: (N, C, d...), floats; target: (N, d...), the class as an integer or an integer-valued float;
// class_weight: (C), ones if it is missing. reduction: "none" gives (N, d...), "sum" and "mean" a
// number; "mean" divides by the sum of the targets' weights. Targets equal to ignore_index count
// for nothing. Any other one that is not a class is an Error that names it. ONNX's
// NegativeLogLikelihoodLoss is this, SoftmaxCrossEntropyLoss this behind LogSoftmax over axis 1;
// where ONNX has no ignore_index, the default -1 stands for none of its classes.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct NegativeLogLikelihood {
  OCTET_ATTRIBUTES(NegativeLogLikelihood, reduction, ignore_index)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"},
                                      InputSpec{.name = "class_weight", .optional = true}};
  std::string reduction = "mean";
  int64_t ignore_index = -1;
};

}  // namespace octet
