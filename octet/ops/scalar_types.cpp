#include "octet/ops/scalar_types.h"

#include <algorithm>
#include <array>

#include "octet/base/error.h"

namespace octet {

namespace {

// In the order of DType.
constexpr std::array kTypes{at::kFloat, at::kDouble, at::kChar, at::kByte,
                            at::kShort, at::kInt,    at::kLong, at::kBool};
static_assert(kTypes[static_cast<size_t>(DType::kBool)] == at::kBool);

}  // namespace

at::ScalarType scalar_type_of(DType dtype) {
  return kTypes[static_cast<size_t>(dtype)];
}

DType dtype_of(at::ScalarType type) {
  const auto found = std::ranges::find(kTypes, type);
  OCTET_INTERNAL_CHECK(found != kTypes.end());
  return static_cast<DType>(found - kTypes.begin());
}

}  // namespace octet
