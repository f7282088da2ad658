// Shared by the operations that reduce a tensor along axes, and the checks of element types.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

#include "octet/ops/op_types.h"

namespace octet {

// The axes counted from the front, ascending; every axis if `axes` is empty. Throws Error
// "[type] ..." for an axis outside of the tensor or one that is given twice.
IntList normalized_axes(const IntList& axes, int64_t rank, std::string_view type);

// The shape after reducing normalized axes: they disappear, or stay with extent 1 (keep_dims).
Shape reduced_shape(const Shape& x, const IntList& axes, bool keep_dims);

// The kept dimensions in order, then all reduced ones (normalized axes) merged into a last one.
at::Tensor reduced_axes_last(const at::Tensor& x, const IntList& axes);

// Puts the reduced axes back with extent 1 into a tensor that lost them.
at::Tensor restore_reduced_axes(const at::Tensor& y, const IntList& axes);

// Throw Error "[type] ..." unless the input is a float32 or float64 tensor, or not bool.
void check_floating(const VariableType& input, std::string_view type);
void check_number(const VariableType& input, std::string_view type);
bool is_floating(DType dtype);

// a == b, or one of them is not known yet.
inline bool extents_agree(int64_t a, int64_t b) {
  return a == b || a == kFreeDim || b == kFreeDim;
}

}  // namespace octet
