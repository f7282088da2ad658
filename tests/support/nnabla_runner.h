// NNabla itself as a judge of .nnp files, by way of the Python that the environment variable
// OCTET_NNABLA_PYTHON names.
//
//   if (!nnabla_runner_present()) GTEST_SKIP() << kNoNnablaRunner;
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace octet {

inline constexpr const char* kNoNnablaRunner =
    "OCTET_NNABLA_PYTHON names no Python that has nnabla (pip install nnabla; Python 3.8 to 3.10)";

// What OCTET_NNABLA_PYTHON says; "" without it.
std::string nnabla_python();

// Asked once.
bool nnabla_runner_present();

struct NnablaRun {
  std::string model;  // the bytes of a .nnp
  std::map<std::string, at::Tensor> inputs;
};

struct NnablaRunResult {
  std::string error;  // "" if it ran
  std::vector<at::Tensor> outputs;
};

// All in one process, since NNabla takes seconds to start.
std::vector<NnablaRunResult> run_nnabla(const std::vector<NnablaRun>& runs);

}  // namespace octet
