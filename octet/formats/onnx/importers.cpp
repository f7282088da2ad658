#include "octet/formats/onnx/importers.h"

#include <map>
#include <string_view>

#include "octet/formats/onnx/onnx.h"

namespace octet {
namespace {

constexpr OnnxImporterRow kRows[] = {
#define OCTET_ONNX_OP(type, oldest, importer) {#type, oldest, importer},
#include "octet/formats/onnx/importers.inc"
#undef OCTET_ONNX_OP
};

}  // namespace

const OnnxImporterRow* find_onnx_importer(const std::string& type) {
  static const auto by_type = [] {
    std::map<std::string_view, const OnnxImporterRow*> rows;
    for (const OnnxImporterRow& row : kRows) rows.emplace(row.type, &row);
    return rows;
  }();
  const auto found = by_type.find(type);
  return found == by_type.end() ? nullptr : found->second;
}

std::vector<std::string> supported_onnx_operators() {
  std::vector<std::string> types;
  for (const OnnxImporterRow& row : kRows) types.emplace_back(row.type);
  return types;
}

}  // namespace octet
