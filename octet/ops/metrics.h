// Measures of a prediction. None has a gradient.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// 1 where the label's score is not among the n best, else 0. x: scores with the classes at `axis`;
// target: the same shape with extent 1 there, as in class_losses.h; the output has target's shape
// and x's type. A score equal to the label's, and one that is not a number, counts as better than
// it. A label of -1 (no class) is no error.
struct TopNError {
  OCTET_ATTRIBUTES(TopNError, axis, n)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
  int64_t axis = -1;
  int64_t n = 1;
};

// 1 where x and target lie on different sides of 0.5 (0.5 belongs to the upper one), else 0.
struct BinaryError {
  OCTET_ATTRIBUTES(BinaryError)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
};

// y[i, j]: how many samples of class i have their highest score at class j (the first of equal
// ones). Inputs as for TopNError; y is (classes, classes), int64. Labels of -1 are not counted.
struct ConfusionMatrix {
  OCTET_ATTRIBUTES(ConfusionMatrix, axis)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
  int64_t axis = -1;
};

}  // namespace octet
