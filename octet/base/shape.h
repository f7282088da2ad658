// Shapes. A dimension that is not known until the network runs (the batch size) is kFreeDim; it
// passes through every shape rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

inline constexpr int64_t kFreeDim = -1;

// A list of integers that is not a shape: axes, starts, repetitions.
using IntList = std::vector<int64_t>;

// The extents of a tensor, outermost first; images are (N, C, H, W).
class Shape : public std::vector<int64_t> {
 public:
  using std::vector<int64_t>::vector;
  Shape(const std::vector<int64_t>& dims) : std::vector<int64_t>(dims) {}

  int64_t rank() const { return static_cast<int64_t>(size()); }
  // Product of all dimensions; kFreeDim if one of them is free.
  int64_t num_elements() const;
  // Product of the dimensions [begin, end); kFreeDim if one of them is free.
  int64_t num_elements(int64_t begin, int64_t end) const;
  bool has_free_dim() const;
};

// "(64, 3, 28, 28)"; a free dimension prints as -1.
std::string to_string(const Shape& shape);

// The axis counted from the front. `where` names the operation in the error for an axis outside
// [-rank, rank).
int64_t normalize_axis(int64_t axis, int64_t rank, std::string_view where);

// The shape that NumPy's broadcasting rule gives; throws Error prefixed with `where`.
Shape broadcast_shapes(const Shape& a, const Shape& b, std::string_view where);

}  // namespace octet
