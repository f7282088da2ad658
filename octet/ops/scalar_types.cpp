#include "octet/ops/scalar_types.h"

#include <array>

namespace octet {

at::ScalarType scalar_type_of(DType dtype) {
  // In the order of DType.
  static constexpr std::array kTypes{at::kFloat, at::kDouble, at::kChar, at::kByte,
                                     at::kShort, at::kInt,    at::kLong, at::kBool};
  static_assert(kTypes[static_cast<size_t>(DType::kBool)] == at::kBool);
  return kTypes[static_cast<size_t>(dtype)];
}

}  // namespace octet
