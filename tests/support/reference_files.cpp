#include "tests/support/reference_files.h"

#include <ATen/ATen.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "octet/base/error.h"
#include "octet/base/shape.h"
#include "tests/support/project_paths.h"

namespace octet {
namespace {

// The text behind "'key':" in the header, a Python dictionary literal; empty if there is none.
std::string_view header_value(std::string_view header, std::string_view key) {
  const size_t found = header.find(fmt::format("'{}':", key));
  if (found == std::string_view::npos) return {};
  std::string_view value = header.substr(found + key.size() + 3);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return value;
}

// "(2, 4, 8)", "(7,)" or "()" at the beginning of `text`; nothing for anything else.
std::optional<Shape> parse_shape(std::string_view text) {
  if (text.empty() || text.front() != '(') return std::nullopt;
  Shape shape;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ')') return shape;
    if (text[i] == ',' || text[i] == ' ') continue;
    int64_t extent = 0;
    const auto [end, error] = std::from_chars(&text[i], text.data() + text.size(), extent);
    if (error != std::errc() || extent < 0) return std::nullopt;
    shape.push_back(extent);
    i = static_cast<size_t>(end - text.data()) - 1;
  }
  return std::nullopt;
}

}  // namespace

std::filesystem::path reference_dir() {
  if (const char* given = std::getenv("OCTET_REFERENCE_DIR")) return given;
  return source_dir() / ".." / "shared" / "reference" / "nnabla";
}

bool reference_present() {
  return std::filesystem::is_directory(reference_dir() / "layers");
}

at::Tensor load_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  OCTET_CHECK_FILE(file.good(), path.string(), "cannot be read");
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  OCTET_CHECK_FILE(bytes.size() >= 12 && bytes.starts_with("\x93NUMPY"), path.string(),
                   "is not a .npy file");
  // Version 1 has a header length of two bytes, later ones of four; both are little endian.
  const size_t length_bytes = bytes[6] == 1 ? 2 : 4;
  size_t header_size = 0;
  std::memcpy(&header_size, bytes.data() + 8, length_bytes);
  const size_t begin = 8 + length_bytes;
  OCTET_CHECK_FILE(header_size <= bytes.size() - begin, path.string(),
                   "ends within its header of {} bytes", header_size);
  const std::string_view header(bytes.data() + begin, header_size);
  OCTET_CHECK_FILE(header_value(header, "descr").starts_with("'<f4'"), path.string(),
                   "does not hold float32 values: {}", header);
  OCTET_CHECK_FILE(header_value(header, "fortran_order").starts_with("False"), path.string(),
                   "is not in C order");
  const std::optional<Shape> shape = parse_shape(header_value(header, "shape"));
  OCTET_CHECK_FILE(shape.has_value(), path.string(), "has no shape in its header: {}", header);
  at::Tensor values = at::empty(*shape, at::kFloat);
  const size_t size = bytes.size() - begin - header_size;
  OCTET_CHECK_FILE(size == values.nbytes(), path.string(), "holds {} bytes of values, {} needs {}",
                   size, to_string(*shape), values.nbytes());
  if (size > 0) std::memcpy(values.data_ptr(), bytes.data() + begin + header_size, size);
  return values;
}

}  // namespace octet
