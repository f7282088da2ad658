#include "octet/formats/onnx/importers.h"

#include <map>
#include <string_view>

#include "octet/formats/onnx/onnx.h"
#include "octet/formats/onnx/runtime_function.h"

namespace octet {
namespace {

constexpr OnnxImporterRow kRows[] = {
#define OCTET_ONNX_OP(type, oldest, importer) {#type, oldest, importer},
#include "octet/formats/onnx/importers.inc"
#undef OCTET_ONNX_OP
};

// Those of ONNX Runtime's domain. Its QuantizeLinear and DequantizeLinear took int16 before ONNX's
// did.
constexpr OnnxImporterRow kRuntimeRows[] = {{"QGemm", 1, import_qgemm},
                                            {"QuantizeLinear", 10, import_quantize_linear},
                                            {"DequantizeLinear", 10, import_dequantize_linear}};

}  // namespace

const OnnxImporterRow* find_onnx_importer(const std::string& domain, const std::string& type) {
  static const auto by_type = [] {
    std::map<std::pair<std::string_view, std::string_view>, const OnnxImporterRow*> rows;
    for (const OnnxImporterRow& row : kRows) rows.emplace(std::pair("", row.type), &row);
    for (const OnnxImporterRow& row : kRuntimeRows) {
      rows.emplace(std::pair(kRuntimeDomain, row.type), &row);
    }
    return rows;
  }();
  const auto found = by_type.find({domain, type});
  return found == by_type.end() ? nullptr : found->second;
}

std::string_view why_not_supported(std::string_view type) {
  static const std::map<std::string_view, std::string_view> kReasons{
      {"Unique", ": the shape of its result depends on the data"},
      {"NonMaxSuppression", ": the shape of its result depends on the data"},
      {"If", ": it is control flow"},
      {"Loop", ": it is control flow"},
      {"Scan", ": it is control flow"},
      {"RandomNormal", ": it draws random numbers"},
      {"RandomNormalLike", ": it draws random numbers"},
      {"RandomUniform", ": it draws random numbers"},
      {"RandomUniformLike", ": it draws random numbers"},
      {"Multinomial", ": it draws random numbers"},
      {"StringNormalizer", ": it works on strings"},
      {"TfIdfVectorizer", ": it counts words"},
      {"SequenceEmpty", ": it works on sequences"},
      {"SequenceConstruct", ": it works on sequences"},
      {"SplitToSequence", ": it works on sequences"},
      {"ConcatFromSequence", ": it works on sequences"},
      {"Optional", ": it works on values that may be missing"}};
  const auto found = kReasons.find(type);
  return found == kReasons.end() ? "" : found->second;
}

std::vector<std::string> supported_onnx_operators() {
  std::vector<std::string> types;
  for (const OnnxImporterRow& row : kRows) types.emplace_back(row.type);
  return types;
}

}  // namespace octet
