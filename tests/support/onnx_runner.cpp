#include "tests/support/onnx_runner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/npy/npy.h"
#include "tests/support/project_paths.h"
#include "tests/support/temporary_folder.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

nlohmann::json write_case(const TemporaryFolder& folder, const OnnxRun& run, size_t index) {
  const std::string model = fmt::format("{}.onnx", index);
  write_file_atomically(folder.file(model), run.model);
  nlohmann::json inputs = nlohmann::json::array();
  for (size_t i = 0; i < run.inputs.size(); ++i) {
    const std::string name = fmt::format("{}.in{}.npy", index, i);
    write_npy(folder.file(name), run.inputs[i]);
    inputs.push_back(name);
  }
  return {{"model", model}, {"inputs", inputs}, {"levels", run.levels}};
}

}  // namespace

bool onnx_runner_present() {
  static const bool present = [] {
    const std::string command =
        fmt::format("'{}' -c 'import onnx, onnxruntime' >/dev/null 2>&1", onnx_python());
    return std::system(command.c_str()) == 0;
  }();
  return present;
}

std::vector<OnnxRunResult> run_onnx(const std::vector<OnnxRun>& runs) {
  const TemporaryFolder folder;
  nlohmann::json cases = nlohmann::json::array();
  for (size_t i = 0; i < runs.size(); ++i) cases.push_back(write_case(folder, runs[i], i));
  write_file_atomically(folder.file("cases.json"), cases.dump());
  const std::string script = source_dir() / "tests/support/onnx_runner.py";
  const std::string command = fmt::format("'{}' '{}' '{}' >'{}' 2>&1", onnx_python(), script,
                                          folder.path().string(), folder.file("log.txt"));
  if (std::system(command.c_str()) != 0) {
    ADD_FAILURE() << "onnx_runner.py failed: " << read_file(folder.file("log.txt"));
    return std::vector<OnnxRunResult>(runs.size());
  }
  std::vector<OnnxRunResult> results;
  for (const auto& report : nlohmann::json::parse(read_file(folder.file("report.json")))) {
    OnnxRunResult result{report["check"], report["error"], {}};
    for (const auto& [level, files] : report["outputs"].items()) {
      for (const auto& file : files) {
        result.outputs[level].push_back(read_npy(folder.file(file.get<std::string>())));
      }
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace octet
