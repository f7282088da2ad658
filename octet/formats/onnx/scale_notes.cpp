#include "octet/formats/onnx/scale_notes.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "octet/base/error.h"

namespace octet {
namespace {

const std::string kKey = "octet.scales";

ScaleNotes parse_notes(const std::string& text, const std::string& path) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  OCTET_CHECK_FILE(json.is_object(), path, "has metadata '{}' that is no JSON object", kKey);
  ScaleNotes notes;
  for (const auto& [value, number] : json.items()) {
    const double scale = number.is_number() ? number.get<double>() : 0;
    constexpr double kLargest = std::numeric_limits<float>::max();
    OCTET_CHECK_FILE(scale >= std::numeric_limits<float>::min() && scale <= kLargest, path,
                     "has metadata '{}' that gives '{}' a scale that is no positive number", kKey,
                     value);
    notes[value] = static_cast<float>(scale);
  }
  return notes;
}

}  // namespace

void write_scale_notes(const ScaleNotes& notes, onnx::ModelProto& model) {
  if (notes.empty()) return;
  onnx::StringStringEntryProto& entry = *model.add_metadata_props();
  entry.set_key(kKey);
  entry.set_value(nlohmann::json(notes).dump());
}

ScaleNotes read_scale_notes(const OnnxFile& file) {
  for (const onnx::StringStringEntryProto& entry : file.model.metadata_props()) {
    if (entry.key() == kKey) return parse_notes(entry.value(), file.path);
  }
  return {};
}

}  // namespace octet
