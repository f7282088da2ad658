// Tensor data that lies in a file beside the model.
#pragma once

#include <string>

#include "octet/formats/onnx/onnx_headers.h"

namespace octet {

// The bytes that the proto's `external_data` names: location (relative to the model's folder),
// offset and length. Throws FileError if the file lies outside the model's folder (also by way of a
// symbolic link), is missing, or is shorter than offset and length say.
std::string read_external_data(const onnx::TensorProto& proto, const std::string& model_path);

}  // namespace octet
