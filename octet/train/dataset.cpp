#include "octet/train/dataset.h"

#include "octet/base/error.h"

namespace octet {

void check_example_index(int64_t index, int64_t size, const char* where) {
  OCTET_CHECK(index >= 0 && index < size, where, "no example {}: there are {}", index, size);
}

}  // namespace octet
