// ONNX Runtime as a second opinion: a small Python script (tools/run_onnxruntime.py, installed with
// the program) runs an .onnx file in it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "octet/cli/compare_networks.h"

namespace octet::cli {

// Runs the model on each batch; `names` are those of the tensors in a batch. Where
// Python's onnx package is there too, the result has all values of the file by name, otherwise its
// outputs alone. OCTET_PYTHON names the interpreter (python3). Throws std::runtime_error for a
// Python without onnxruntime, saying how to get it, and for what ONNX Runtime itself refuses.
std::vector<RunResult> run_in_onnxruntime(const std::string& onnx_path,
                                          const std::vector<std::string>& names,
                                          const std::vector<std::vector<at::Tensor>>& batches);

}  // namespace octet::cli
