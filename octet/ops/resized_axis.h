// What Interpolate reads along one dimension; for its forward pass and for the writers of files.
#pragma once

#include <vector>

#include "octet/ops/interpolate.h"

namespace octet {

// For each output position its two neighbours in the input, and the share of the upper one.
struct ResizedAxis {
  std::vector<int64_t> below;
  std::vector<int64_t> above;
  std::vector<float> weights;
};

ResizedAxis resized_axis(const Interpolate& op, int64_t in, int64_t out);

}  // namespace octet
