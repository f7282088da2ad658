// Reads the HDF5 files that NNabla, h5py and this library write: superblock version 0 or 1, groups
// as symbol tables, version 1 object headers, contiguous datasets of numbers.
//
// Why not the HDF5 library: these old structures have no checksums and the library believes them; a
// damaged file makes it read outside its memory. Here every offset and size is checked against the
// bytes that are there. Files of the newer layouts, whose structures carry checksums, are left to
// the library (parameter_hdf5_reader.cpp).
//
// Format: "HDF5 File Format Specification Version 3.0", The HDF Group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

struct Hdf5Type {
  enum class Kind : uint8_t { kFloat, kInteger, kEnumeration };
  Kind kind = Kind::kFloat;
  size_t size = 0;  // bytes per element
  bool is_signed = true;
  bool big_endian = false;
};

struct Hdf5Dataset {
  std::string name;  // the groups' names and its own, joined by '/'
  Hdf5Type type;
  std::vector<int64_t> dims;
  std::string_view data;  // within the file; empty where no storage was allocated (zeros)
  std::optional<int64_t> index;
  bool need_grad = false;
};

// Whether the superblock is of version 0 or 1.
bool is_old_hdf5(std::string_view bytes);

// All datasets, group by group, names in order. All their elements together fit into the file.
// Throws FileError, prefixed with `where`, for damage and for what parameter files do not have
// (chunks, filters, external storage, shared types, other element types).
std::vector<Hdf5Dataset> parse_old_hdf5(std::string_view bytes, const std::string& where);

}  // namespace octet
