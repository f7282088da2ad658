// A libFuzzer target for one reader of the table: OCTET_FUZZ_READER names it.
#include <cstdint>
#include <cstdlib>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "tests/fuzz/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const octet::fuzz::Reader* const reader = [] {
    octet::logger().set_level(spdlog::level::off);
    return octet::fuzz::find_reader(OCTET_FUZZ_READER);
  }();
  if (reader == nullptr) std::abort();
  try {
    reader->read({reinterpret_cast<const char*>(data), size});
  } catch (const octet::Error&) {
    // What a damaged file should give; anything else ends the run.
  }
  return 0;
}
