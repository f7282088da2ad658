// ONNX Runtime as a second opinion: a small Python script (tools/run_onnxruntime.py, installed with
// the program) runs an .onnx file in it.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "octet/cli/compare_networks.h"

namespace octet::cli {

struct OnnxRuntimeOptions {
  std::string level = "all";                 // of optimization: disable, basic, extended, all
  std::string values = "all";                // or integers, which leave it free to fuse; or none
  std::vector<std::string> session_options;  // KEY=VALUE of the session's configuration
};

// Runs the model on each batch and calls `use` with what each gave, in order; `names` are those of
// the tensors in a batch. Where Python's onnx package is there too, a result has the chosen values
// of the file by name, otherwise its outputs alone. OCTET_PYTHON names the interpreter (python3).
// Throws std::runtime_error for a Python without onnxruntime, saying how to get it, and for what
// ONNX Runtime itself refuses.
void run_in_onnxruntime(const std::string& onnx_path, const OnnxRuntimeOptions& options,
                        const std::vector<std::string>& names,
                        const std::vector<std::vector<at::Tensor>>& batches,
                        const std::function<void(size_t, const RunResult&)>& use);

}  // namespace octet::cli
