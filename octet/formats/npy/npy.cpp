#include "octet/formats/npy/npy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "octet/base/error.h"
#include "octet/formats/archive.h"
#include "octet/formats/file_io.h"
#include "octet/formats/npy/header.h"

namespace octet {
namespace {

// The strides of an array without elements are still computed from its other dimensions.
constexpr size_t kMaxEmptyExtent = size_t{1} << 40;

// Number of bytes of all elements, held against those that are there without overflowing.
size_t checked_data_bytes(const NpyHeader& header, size_t available, const std::string& where) {
  const size_t element = c10::elementSize(header.type);
  const bool empty = std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end();
  const size_t bound = empty ? kMaxEmptyExtent : available;
  size_t bytes = element;
  for (const int64_t dim : header.shape) {
    const size_t extent = static_cast<size_t>(std::max<int64_t>(dim, 1));
    OCTET_CHECK_FILE(extent <= bound / bytes, where,
                     "shape {} with {} bytes per element needs more than the {} bytes of data",
                     to_string(header.shape), element, available);
    bytes *= extent;
  }
  return empty ? 0 : bytes;
}

void swap_each(char* data, size_t bytes, size_t width) {
  for (size_t i = 0; i < bytes; i += width) std::reverse(data + i, data + i + width);
}

}  // namespace

at::Tensor parse_npy(std::string_view bytes, const std::string& where) {
  const NpyHeader header = parse_npy_header(bytes, where);
  const std::string_view data = bytes.substr(header.data_begin);
  const size_t needed = checked_data_bytes(header, data.size(), where);
  OCTET_CHECK_FILE(needed == data.size(), where,
                   "shape {} takes {} bytes of data, but {} are there", to_string(header.shape),
                   needed, data.size());
  // Fortran order is C order of the reversed shape.
  Shape stored = header.shape;
  if (header.fortran_order) std::reverse(stored.begin(), stored.end());
  at::Tensor tensor = at::empty(stored, at::TensorOptions().dtype(header.type));
  if (needed > 0) std::memcpy(tensor.data_ptr(), data.data(), needed);
  if (header.swap_bytes) {
    swap_each(static_cast<char*>(tensor.data_ptr()), needed, c10::elementSize(header.type));
  }
  if (header.type == at::kBool) {
    // A bool that is neither 0 nor 1 is undefined behaviour, so it never becomes one.
    uint8_t* values = static_cast<uint8_t*>(tensor.data_ptr());
    std::transform(values, values + needed, values, [](uint8_t v) { return v != 0 ? 1 : 0; });
  }
  if (!header.fortran_order) return tensor;
  IntList axes(stored.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(axes.size() - 1 - i);
  return tensor.permute(axes).contiguous();
}

std::string format_npy(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().cpu().contiguous();
  std::string bytes = format_npy_header(values.scalar_type(), Shape(values.sizes().vec()));
  bytes.append(static_cast<const char*>(values.data_ptr()), values.nbytes());
  return bytes;
}

at::Tensor read_npy(const std::string& path) {
  return parse_npy(read_file(path), path);
}

void write_npy(const std::string& path, const at::Tensor& tensor) {
  write_file_atomically(path, format_npy(tensor));
}

std::map<std::string, at::Tensor> read_npz(const std::string& path) {
  constexpr std::string_view kExtension = ".npy";
  std::map<std::string, at::Tensor> arrays;
  for (const ArchiveMember& member : read_zip(path)) {
    std::string name = member.name;
    if (name.ends_with(kExtension)) name.resize(name.size() - kExtension.size());
    arrays[name] = parse_npy(member.bytes, fmt::format("{}:{}", path, member.name));
  }
  return arrays;
}

}  // namespace octet
