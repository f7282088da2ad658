// The header of a .npy file: a Python dictionary literal after a magic string and a version.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "octet/base/shape.h"

namespace octet {

struct NpyHeader {
  at::ScalarType type = at::kFloat;
  bool swap_bytes = false;  // the file's byte order is not this machine's
  bool fortran_order = false;
  Shape shape;
  size_t data_begin = 0;  // offset of the first element in the file
};

// Throws FileError, prefixed with `where`, for anything but a whole and valid header.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& where);

// The bytes before the data, version 1.0: padded so that the data begins at a multiple of 64.
std::string format_npy_header(at::ScalarType type, const Shape& shape);

}  // namespace octet
