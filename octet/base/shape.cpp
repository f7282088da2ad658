#include "octet/base/shape.h"

#include <algorithm>

#include "octet/base/error.h"

namespace octet {

int64_t Shape::num_elements(int64_t begin, int64_t end) const {
  int64_t product = 1;
  for (int64_t i = begin; i < end; ++i) {
    if ((*this)[i] == kFreeDim) return kFreeDim;
    product *= (*this)[i];
  }
  return product;
}

int64_t Shape::num_elements() const {
  return num_elements(0, rank());
}

bool Shape::has_free_dim() const {
  return std::find(begin(), end(), kFreeDim) != end();
}

std::string to_string(const Shape& shape) {
  return fmt::format("({})", fmt::join(shape.begin(), shape.end(), ", "));
}

int64_t normalize_axis(int64_t axis, int64_t rank, std::string_view where) {
  OCTET_CHECK(axis >= -rank && axis < rank, where,
              "axis {} is outside of a tensor of {} dimensions", axis, rank);
  return axis < 0 ? axis + rank : axis;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, std::string_view where) {
  const int64_t rank = std::max(a.rank(), b.rank());
  Shape result(static_cast<size_t>(rank), 1);
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t x = i < rank - a.rank() ? 1 : a[i - (rank - a.rank())];
    const int64_t y = i < rank - b.rank() ? 1 : b[i - (rank - b.rank())];
    OCTET_CHECK(x == y || x == 1 || y == 1 || x == kFreeDim || y == kFreeDim, where,
                "shapes {} and {} do not broadcast", to_string(a), to_string(b));
    if (x == y || y == 1) {
      result[i] = x;
    } else if (x == 1 || x == kFreeDim) {
      result[i] = y;  // a free dimension meets a fixed one other than 1: it must be that one
    } else {
      result[i] = x;
    }
  }
  return result;
}

}  // namespace octet
