// NumPy's .npy arrays and .npz archives.
//
// Format: "NPY format", numpy/lib/format.py, versions 1.0 to 3.0. Read are float16/32/64,
// int8..int64, uint8 and bool in either byte order, in C or Fortran order; the tensor that comes
// out is contiguous, on the CPU and has the same element type. Every size is held against the bytes
// that are there. Errors are FileErrors that name the file.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>

namespace octet {

at::Tensor read_npy(const std::string& path);

// Writes version 1.0, little endian, C order. A tensor on another device is copied to the CPU.
// Throws Error for an element type that the format or this reader does not have.
void write_npy(const std::string& path, const at::Tensor& tensor);

// The arrays of a .npz by their names, without the ".npy" of the archive's members.
std::map<std::string, at::Tensor> read_npz(const std::string& path);

// The same from and to memory; `where` names the array in errors.
at::Tensor parse_npy(std::string_view bytes, const std::string& where);
std::string format_npy(const at::Tensor& tensor);

}  // namespace octet
