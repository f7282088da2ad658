#include "octet/ops/axes.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "octet/base/error.h"

namespace octet {

IntList normalized_axes(const IntList& axes, int64_t rank, std::string_view type) {
  IntList result;
  if (axes.empty()) {
    result.resize(static_cast<size_t>(rank));
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  for (const int64_t axis : axes) result.push_back(normalize_axis(axis, rank, type));
  std::sort(result.begin(), result.end());
  OCTET_CHECK(std::adjacent_find(result.begin(), result.end()) == result.end(), type,
              "axes [{}] name the same axis twice", fmt::join(axes, ", "));
  return result;
}

Shape reduced_shape(const Shape& x, const IntList& axes, bool keep_dims) {
  Shape y;
  for (int64_t i = 0; i < x.rank(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), i);
    if (!reduced) y.push_back(x[i]);
    if (reduced && keep_dims) y.push_back(1);
  }
  return y;
}

at::Tensor reduced_axes_last(const at::Tensor& x, const IntList& axes) {
  IntList order;
  IntList sizes;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (std::binary_search(axes.begin(), axes.end(), i)) continue;
    order.push_back(i);
    sizes.push_back(x.size(i));
  }
  int64_t merged = 1;
  for (const int64_t axis : axes) {
    order.push_back(axis);
    merged *= x.size(axis);
  }
  sizes.push_back(merged);
  return x.permute(order).reshape(sizes);
}

at::Tensor restore_reduced_axes(const at::Tensor& y, const IntList& axes) {
  at::Tensor result = y;
  for (const int64_t axis : axes) result = result.unsqueeze(axis);
  return result;
}

bool is_floating(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64;
}

void check_floating(const VariableType& input, std::string_view type) {
  OCTET_CHECK(is_floating(input.dtype), type, "needs a float input, got {}",
              to_string(input.dtype));
}

void check_number(const VariableType& input, std::string_view type) {
  OCTET_CHECK(input.dtype != DType::kBool, type, "needs numbers, got bool");
}

}  // namespace octet
