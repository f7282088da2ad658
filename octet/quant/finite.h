// Values that no integer stands for.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

#include "octet/base/error.h"

namespace octet {

// NaN or infinity where a number is needed: training that went wrong, mostly.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

// Throws NonFiniteError "[where] 3 of 100 values are NaN or infinite". One pass over x unless there
// are any.
void check_finite(const at::Tensor& x, std::string_view where);

// Throws Error "[where] the scale 0 is not a positive number" for the first that is none.
void check_scale(const at::Tensor& scale, std::string_view where);

}  // namespace octet
