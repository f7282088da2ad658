#include "tests/support/nnabla_runner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/npy/npy.h"
#include "tests/support/project_paths.h"
#include "tests/support/temporary_folder.h"

namespace octet {
namespace {

nlohmann::json write_case(const TemporaryFolder& folder, const NnablaRun& run, size_t index) {
  const std::string model = fmt::format("{}.nnp", index);
  write_file_atomically(folder.file(model), run.model);
  nlohmann::json inputs = nlohmann::json::object();
  for (const auto& [name, value] : run.inputs) {
    const std::string file = fmt::format("{}.in{}.npy", index, inputs.size());
    write_npy(folder.file(file), value);
    inputs[name] = file;
  }
  return {{"model", model}, {"inputs", inputs}};
}

}  // namespace

std::string nnabla_python() {
  const char* given = std::getenv("OCTET_NNABLA_PYTHON");
  return given == nullptr ? "" : given;
}

bool nnabla_runner_present() {
  static const bool present = [] {
    if (nnabla_python().empty()) return false;
    const std::string command =
        fmt::format("'{}' -c 'import nnabla' >/dev/null 2>&1", nnabla_python());
    return std::system(command.c_str()) == 0;
  }();
  return present;
}

std::vector<NnablaRunResult> run_nnabla(const std::vector<NnablaRun>& runs) {
  const TemporaryFolder folder;
  nlohmann::json cases = nlohmann::json::array();
  for (size_t i = 0; i < runs.size(); ++i) cases.push_back(write_case(folder, runs[i], i));
  write_file_atomically(folder.file("cases.json"), cases.dump());
  const std::string script = source_dir() / "tests/support/nnabla_runner.py";
  const std::string tools = source_dir() / "tools";
  const std::string command = fmt::format("'{}' '{}' '{}' '{}' >'{}' 2>&1", nnabla_python(), script,
                                          tools, folder.path().string(), folder.file("log.txt"));
  if (std::system(command.c_str()) != 0) {
    ADD_FAILURE() << "nnabla_runner.py failed: " << read_file(folder.file("log.txt"));
    return std::vector<NnablaRunResult>(runs.size());
  }
  std::vector<NnablaRunResult> results;
  for (const auto& report : nlohmann::json::parse(read_file(folder.file("report.json")))) {
    NnablaRunResult result{report["error"], {}};
    for (const auto& file : report["outputs"]) {
      result.outputs.push_back(read_npy(folder.file(file.get<std::string>())));
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace octet
