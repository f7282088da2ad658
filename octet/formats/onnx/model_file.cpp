#include "octet/formats/onnx/model_file.h"

#include <onnx/defs/schema.h>

#include <limits>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"

namespace octet {
namespace {

constexpr int64_t kMaxModelBytes = std::numeric_limits<int32_t>::max();  // protobuf's own limit

void read_opsets(OnnxFile& file) {
  for (const onnx::OperatorSetIdProto& opset : file.model.opset_import()) {
    const std::string domain = normalized_domain(opset.domain());
    OCTET_CHECK_FILE(opset.version() > 0, file.path, "imports version {} of the operators of '{}'",
                     opset.version(), domain.empty() ? "ai.onnx" : domain);
    const auto [entry, is_new] = file.opsets.emplace(domain, opset.version());
    OCTET_CHECK_FILE(is_new || entry->second == opset.version(), file.path,
                     "imports two versions of the operators of '{}', {} and {}",
                     domain.empty() ? "ai.onnx" : domain, entry->second, opset.version());
  }
  OCTET_CHECK_FILE(!file.opsets.empty(), file.path, "does not say its version of the operators");
}

}  // namespace

int64_t OnnxFile::opset(const std::string& domain) const {
  const auto found = opsets.find(normalized_domain(domain));
  return found == opsets.end() ? 0 : found->second;
}

OnnxFile parse_onnx(std::string_view bytes, const std::string& path) {
  OnnxFile file;
  file.path = path;
  OCTET_CHECK_FILE(static_cast<int64_t>(bytes.size()) <= kMaxModelBytes, path,
                   "has {} bytes, more than the {} that a model can have", bytes.size(),
                   kMaxModelBytes);
  OCTET_CHECK_FILE(file.model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), path,
                   "is not an ONNX model, or cut off");
  OCTET_CHECK_FILE(file.model.has_graph() && file.model.ir_version() > 0, path,
                   "is not an ONNX model: it has no {}",
                   file.model.has_graph() ? "version" : "graph");
  OCTET_CHECK_FILE(file.model.ir_version() >= 3, path,
                   "has version {} of the format; 3 and later can be read",
                   file.model.ir_version());
  read_opsets(file);
  for (int i = 0; i < file.model.functions_size(); ++i) {
    const onnx::FunctionProto& function = file.model.functions(i);
    file.functions.emplace(std::pair(normalized_domain(function.domain()), function.name()), i);
  }
  return file;
}

OnnxFile read_onnx_file(const std::string& path) {
  return parse_onnx(read_file(path, kMaxModelBytes), path);
}

int64_t newest_known_opset() {
  const auto& ranges = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  return ranges.at(onnx::ONNX_DOMAIN).second;
}

std::string normalized_domain(const std::string& domain) {
  return domain == "ai.onnx" ? "" : domain;
}

}  // namespace octet
