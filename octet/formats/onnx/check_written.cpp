#include "octet/formats/onnx/check_written.h"

#include "octet/formats/onnx/onnx_headers.h"
// After the macros of onnx_headers.h.
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include "octet/base/error.h"
#include "octet/formats/onnx/model_file.h"

namespace octet {
namespace {

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    text.replace(at, 1, "; ");
  }
  return text;
}

void check_by_libonnx(const OnnxFile& file) {
  if (file.opset() > newest_known_opset()) return;
  onnx::ModelProto model = file.model;
  try {
    onnx::checker::check_model(model);
    const onnx::ShapeInferenceOptions strict(/*check_type_val=*/true, /*strict_mode_val=*/1,
                                             /*data_prop_val=*/true);
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), strict);
  } catch (const std::exception& error) {
    throw_error(file.path, "is not written: ONNX's checker says: {}", one_line(error.what()));
  }
}

}  // namespace

void check_written_onnx(const std::string& bytes, const std::string& path, const Graph& graph,
                        const ParameterStore& parameters) {
  check_by_libonnx(parse_onnx(bytes, path));
}

}  // namespace octet
