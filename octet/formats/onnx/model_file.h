// The outside of an .onnx file: a protobuf message, its versions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "octet/formats/onnx/onnx_headers.h"

namespace octet {

struct OnnxFile {
  std::string path;  // for messages, and its folder for external data
  onnx::ModelProto model;
  // What the file imports, by domain; ONNX's own domain is "".
  std::map<std::string, int64_t> opsets;
  // The model's own functions, by domain and name: their places in the file.
  std::map<std::pair<std::string, std::string>, int> functions;

  int64_t opset(const std::string& domain = "") const;  // 0 if the file does not import it
};

// Throws FileError for a file that is missing, above protobuf's limit of 2 GiB, truncated, or
// something else than a model, and for one without a version of the operators.
OnnxFile read_onnx_file(const std::string& path);
OnnxFile parse_onnx(std::string_view bytes, const std::string& path);

// The newest version of ONNX's operators that libonnx describes.
int64_t newest_known_opset();

// "ai.onnx", as a file may call it, and "" are one domain.
std::string normalized_domain(const std::string& domain);

}  // namespace octet
