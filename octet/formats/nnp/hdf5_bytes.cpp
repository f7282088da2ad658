#include "octet/formats/nnp/hdf5_bytes.h"

#include <algorithm>

#include "octet/base/error.h"

namespace octet {

void Hdf5Bytes::fail_damaged(std::string_view what) const {
  throw_file_error(where_, "the HDF5 file is damaged: {}", what);
}

std::string_view Hdf5Bytes::range(uint64_t offset, uint64_t length) const {
  if (offset > bytes_.size() || length > bytes_.size() - offset) {
    fail_damaged(fmt::format("it refers to {} bytes at {}, but only {} are there", length, offset,
                             bytes_.size()));
  }
  return bytes_.substr(offset, length);
}

uint64_t Hdf5Bytes::number(uint64_t offset, int width) const {
  const std::string_view bytes = range(offset, static_cast<uint64_t>(width));
  uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
  }
  return value;
}

void Hdf5Bytes::expect_signature(uint64_t offset, std::string_view signature) const {
  if (range(offset, signature.size()) != signature) {
    fail_damaged(fmt::format("there is no {} at {}", signature, offset));
  }
}

std::string_view Hdf5Bytes::text(uint64_t offset) const {
  const std::string_view rest =
      range(offset, bytes_.size() - std::min<uint64_t>(offset, bytes_.size()));
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) fail_damaged("a name has no end");
  return rest.substr(0, end);
}

}  // namespace octet
