// What lies beyond the border of a tensor: shared by Pad and Shift.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace octet {

enum class Border {
  kRepeat,    // the outermost element: a a | a b c | c c
  kReflect,   // mirrored at the outermost element: c b | a b c | b a
  kSymmetric  // mirrored beyond it: b a | a b c | c b
};

// The elements [begin, begin + count) along `dim`, where positions outside of x are filled by
// `border`. A mirrored border goes on with the period of the mirror image. x must not be empty.
at::Tensor take_with_border(const at::Tensor& x, int64_t dim, int64_t begin, int64_t count,
                            Border border);

}  // namespace octet
