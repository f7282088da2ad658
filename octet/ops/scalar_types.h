// Between a Variable's element type and ATen's.
#pragma once

#include <c10/core/ScalarType.h>

#include "octet/base/dtype.h"

namespace octet {

at::ScalarType scalar_type_of(DType dtype);
// Of one of the types that graphs have.
DType dtype_of(at::ScalarType type);

}  // namespace octet
