// ONNX's own backend tests: folders of a model with stored inputs and outputs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace octet {

enum class BackendStatus { kPassed, kFailed, kUnsupported };

struct BackendResult {
  BackendStatus status = BackendStatus::kPassed;
  std::string note;  // why, or which inputs had to be given at import
};

// "passed", ...
std::string to_string(BackendStatus status);

// The folder of suites (node, simple, ...); empty where it is absent. The environment variable
// OCTET_ONNX_TESTDATA names another one than that of Debian's libonnx-testdata.
std::filesystem::path backend_data_folder();

// "node/test_abs", ..., sorted.
std::vector<std::string> backend_cases(const std::filesystem::path& data);

// Reads the model of a case, runs it on the stored inputs and compares with the stored outputs by
// the tolerances of ONNX's own runner: |a - b| <= 1e-7 + 1e-3 |b|, integers exactly. Where the
// model cannot be read with all inputs open, those of integers, booleans and single numbers are
// given their stored values at import.
BackendResult run_backend_case(const std::filesystem::path& folder);

}  // namespace octet
