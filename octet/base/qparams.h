// Placeholder until the quantization maths lands.
#pragma once
#include <cstdint>
#include <vector>
#include "octet/base/dtype.h"
namespace octet {
struct QParams {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  int64_t axis = -1;
  bool operator==(const QParams&) const = default;
};
}  // namespace octet
