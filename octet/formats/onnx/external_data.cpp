#include "octet/formats/onnx/external_data.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

struct ExternalData {
  std::string location;
  int64_t offset = 0;
  std::optional<int64_t> length;  // without it, up to the end of the file
};

// Where messages point to: the model, and the tensor in it.
struct Place {
  const std::string& path;
  const std::string& tensor;
};

int64_t parse_count(const std::string& text, const std::string& key, const Place& place) {
  int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  OCTET_CHECK_FILE(error == std::errc() && end == text.data() + text.size() && value >= 0,
                   place.path, "tensor '{}' has external data with the {} '{}'", place.tensor, key,
                   text);
  return value;
}

ExternalData parse_entries(const onnx::TensorProto& proto, const Place& place) {
  ExternalData result;
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    if (entry.key() == "location") result.location = entry.value();
    if (entry.key() == "offset") result.offset = parse_count(entry.value(), "offset", place);
    if (entry.key() == "length") result.length = parse_count(entry.value(), "length", place);
  }
  OCTET_CHECK_FILE(!result.location.empty(), place.path,
                   "tensor '{}' has external data without a location", place.tensor);
  return result;
}

// The file, with every symbolic link and ".." resolved.
fs::path resolve(const ExternalData& data, const Place& place) {
  std::error_code failed;
  const fs::path folder = fs::weakly_canonical(fs::absolute(place.path).parent_path(), failed);
  const fs::path file = fs::weakly_canonical(folder / data.location, failed);
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  OCTET_CHECK_FILE(!failed && end == folder.end() && data.location.find('\0') == std::string::npos,
                   place.path,
                   "tensor '{}' has external data in '{}', which is not in the model's folder",
                   place.tensor, data.location);
  return file;
}

}  // namespace

std::string read_external_data(const onnx::TensorProto& proto, const std::string& model_path) {
  const Place place{model_path, proto.name()};
  const ExternalData data = parse_entries(proto, place);
  const std::string file = resolve(data, place).string();
  const int64_t size = file_size(file);
  OCTET_CHECK_FILE(data.offset <= size, file, "has {} bytes, tensor '{}' begins at byte {}", size,
                   place.tensor, data.offset);
  const int64_t length = data.length.value_or(size - data.offset);
  OCTET_CHECK_FILE(length <= size - data.offset, file,
                   "has {} bytes, tensor '{}' takes {} from byte {}", size, place.tensor, length,
                   data.offset);
  return read_file_part(file, data.offset, length);
}

}  // namespace octet
