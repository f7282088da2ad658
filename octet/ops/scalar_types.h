// Between a Variable's element type and ATen's.
#pragma once

#include <c10/core/ScalarType.h>

#include "octet/base/dtype.h"

namespace octet {

at::ScalarType scalar_type_of(DType dtype);

}  // namespace octet
