#include "octet/base/error.h"

namespace octet {

void throw_internal_error(const char* file, int line, const char* condition) {
  throw InternalError(
      fmt::format("{}:{}: internal error: {} does not hold", file, line, condition));
}

}  // namespace octet
