// ONNX's own checker and ONNX Runtime as judges of what is written, by way of a Python that has
// them: the one that the environment variable OCTET_PYTHON names, else the virtual environment that
// tools/install_onnxruntime.sh makes, else python3.
//
//   if (!onnx_runner_present()) GTEST_SKIP() << kNoOnnxRunner;
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace octet {

inline constexpr const char* kNoOnnxRunner =
    "no Python with onnx and onnxruntime; tools/install_onnxruntime.sh makes one";

// Asked once.
bool onnx_runner_present();

struct OnnxRun {
  std::string model;  // the bytes
  std::vector<at::Tensor> inputs;
  std::vector<std::string> levels{"all"};  // of optimization: disable, basic, extended, all
};

struct OnnxRunResult {
  std::string check;  // what onnx.checker with full_check objects to; "" if nothing
  std::string error;  // of a level that did not run; "" if all did
  std::map<std::string, std::vector<at::Tensor>> outputs;  // by level
};

// All in one process, since Python takes seconds to start.
std::vector<OnnxRunResult> run_onnx(const std::vector<OnnxRun>& runs);

}  // namespace octet
