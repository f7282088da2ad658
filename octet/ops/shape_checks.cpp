#include "octet/ops/shape_checks.h"

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/axes.h"

namespace octet {

void check_shape(std::string_view type, std::string_view name, const Shape& given,
                 const Shape& expected) {
  OCTET_CHECK(given == expected, type, "{} {} must be {}", name, to_string(given),
              to_string(expected));
}

void check_broadcasts_to(std::string_view type, std::string_view name, const Shape& given,
                         const Shape& target) {
  bool fits = given.rank() <= target.rank();
  for (int64_t i = 0; fits && i < given.rank(); ++i) {
    const int64_t extent = given[i];
    fits = extent == 1 || extent == target[target.rank() - given.rank() + i];
  }
  OCTET_CHECK(fits, type, "{} {} does not broadcast to {}", name, to_string(given),
              to_string(target));
}

IntList named_axes(std::string_view type, const IntList& axes, int64_t rank) {
  return axes.empty() ? IntList() : normalized_axes(axes, rank, type);
}

IntList other_axes(const IntList& axes, int64_t rank) {
  IntList result;
  for (int64_t i = 0; i < rank; ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) result.push_back(i);
  }
  return result;
}

}  // namespace octet
