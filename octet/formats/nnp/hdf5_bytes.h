// Checked reading of little-endian numbers and ranges from a file in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

class Hdf5Bytes {
 public:
  Hdf5Bytes(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  size_t size() const { return bytes_.size(); }
  // [offset, offset + length); throws FileError if the file ends before.
  std::string_view range(uint64_t offset, uint64_t length) const;
  // An unsigned number of `width` bytes.
  uint64_t number(uint64_t offset, int width) const;
  void expect_signature(uint64_t offset, std::string_view signature) const;
  // Text up to a zero byte.
  std::string_view text(uint64_t offset) const;
  // "[where] the HDF5 file is damaged: what".
  [[noreturn]] void fail_damaged(std::string_view what) const;

  // A view of a part of it, with offsets of its own.
  Hdf5Bytes part(uint64_t offset, uint64_t length) const {
    return Hdf5Bytes(range(offset, length), where_);
  }
  const std::string& where() const { return where_; }

 private:
  std::string_view bytes_;
  const std::string& where_;
};

}  // namespace octet
