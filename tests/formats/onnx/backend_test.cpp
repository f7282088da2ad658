// Runs all of ONNX's backend tests that are installed and holds the results against
// backend_cases.txt: what passed may not stop passing, and what newly passes is entered. To write
// the list anew: OCTET_UPDATE_BACKEND_CASES=1 octet_tests --gtest_filter='OnnxBackend*'
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "octet/formats/file_io.h"
#include "tests/support/onnx_backend_case.h"
#include "tests/support/project_paths.h"

namespace octet {
namespace {

std::string list_path() {
  return source_dir() / "tests/formats/onnx/backend_cases.txt";
}

std::map<std::string, BackendResult> run_all(const std::filesystem::path& data) {
  std::map<std::string, BackendResult> results;
  for (const std::string& name : backend_cases(data)) {
    results[name] = run_backend_case(data / name);
  }
  return results;
}

// "name status  note"
std::string line_of(const std::string& name, const BackendResult& result) {
  const std::string line = name + " " + to_string(result.status);
  return result.note.empty() ? line : line + "  " + result.note;
}

std::map<std::string, std::string> listed_statuses() {
  std::map<std::string, std::string> statuses;
  std::ifstream file(list_path());
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name;
    words >> name >> statuses[name];
  }
  return statuses;
}

std::string summary(const std::map<std::string, BackendResult>& results) {
  std::map<std::string, std::map<std::string, int>> counts;
  for (const auto& [name, result] : results) {
    ++counts[name.substr(0, name.find('/'))][to_string(result.status)];
  }
  std::string text;
  for (const auto& [suite, by_status] : counts) {
    text += "# " + suite + ":";
    for (const auto& [status, count] : by_status) text += fmt::format(" {} {}", count, status);
    text += "\n";
  }
  return text;
}

void write_list(const std::map<std::string, BackendResult>& results) {
  std::string text = "# ONNX's backend tests, as Octet does on them; backend_test.cpp compares.\n" +
                     summary(results);
  for (const auto& [name, result] : results) text += line_of(name, result) + "\n";
  write_file_atomically(list_path(), text);
}

TEST(OnnxBackend, EveryCaseDoesAsListed) {
  const std::filesystem::path data = backend_data_folder();
  if (data.empty()) GTEST_SKIP() << "no backend tests: install libonnx-testdata";
  const std::map<std::string, BackendResult> results = run_all(data);
  if (std::getenv("OCTET_UPDATE_BACKEND_CASES") != nullptr) write_list(results);
  std::map<std::string, std::string> listed = listed_statuses();
  for (const auto& [name, result] : results) {
    EXPECT_EQ(to_string(result.status), listed[name]) << line_of(name, result);
    listed.erase(name);
  }
  for (const auto& [name, status] : listed) {
    ADD_FAILURE() << name << " is listed as " << status << " but not installed";
  }
}

}  // namespace
}  // namespace octet
