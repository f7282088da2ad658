// Checks that several operations make on the shapes of their inputs.
#pragma once

#include <string_view>

#include "octet/ops/op_types.h"

namespace octet {

// Throws Error "[type] name (2) must be (4)" unless the shapes are equal.
void check_shape(std::string_view type, std::string_view name, const Shape& given,
                 const Shape& expected);

// Throws Error unless `given` broadcasts to `target` without enlarging it.
void check_broadcasts_to(std::string_view type, std::string_view name, const Shape& given,
                         const Shape& target);

// The axes counted from the front, ascending; none if there are none (normalized_axes() of axes.h
// takes an empty list for all). Throws Error for an axis outside of the tensor or given twice.
IntList named_axes(std::string_view type, const IntList& axes, int64_t rank);

// Every axis of a tensor of that rank that is not among `axes`, ascending.
IntList other_axes(const IntList& axes, int64_t rank);

}  // namespace octet
