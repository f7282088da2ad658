#include "octet/cli/runtime_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "octet/base/error.h"
#include "octet/cli/temporary_folder.h"
#include "octet/formats/archive.h"
#include "octet/formats/file_io.h"
#include "octet/formats/npy/npy.h"

namespace octet::cli {

namespace {

constexpr std::array<std::string_view, 3> kOnnxTargets{"default", "tensorrt", "onnxruntime"};
constexpr std::array<std::string_view, 1> kNnablaTargets{"nnabla"};

constexpr std::array kRuntimes{
    Runtime{.name = "onnxruntime",
            .title = "ONNX Runtime",
            .extension = ".onnx",
            .targets = kOnnxTargets,
            .remedy = "pip install onnxruntime"},
    Runtime{.name = "nnabla",
            .title = "NNabla",
            .extension = ".nnp",
            .targets = kNnablaTargets,
            .remedy = "pip install nnabla, which is there for Python 3.8 to 3.10"},
};

// A script's exit code for a Python that lacks the package.
constexpr int kNoPackage = 3;

// Beside the installed program, else in the source tree that it was built from.
std::filesystem::path script_path(const Runtime& runtime) {
  const std::string script = fmt::format("run_{}.py", runtime.name);
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path() / "../share/octet" / script;
  if (!error && std::filesystem::exists(installed)) return installed;
  return std::filesystem::path(OCTET_TOOLS_DIR) / script;
}

// Runs a program with its error stream in a file; gives its exit status.
int run_program(const std::vector<std::string>& arguments, const std::string& error_path) {
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error_path.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t process = 0;
  const int failed = posix_spawnp(&process, words[0], &actions, nullptr, words.data(), ::environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return 127;
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

std::string batch_bytes(const std::vector<std::string>& names,
                        const std::vector<at::Tensor>& tensors) {
  std::vector<ArchiveMember> members;
  for (size_t i = 0; i < tensors.size(); ++i) {
    members.push_back(
        {fmt::format("input_{}.npy", names.at(i)), format_npy(tensors[i].to(c10::kCPU))});
  }
  return format_zip(members);
}

// "output_<i>" are the outputs in order, "value_<name>" all values by name.
RunResult read_result(const std::string& path) {
  RunResult result;
  const std::map<std::string, at::Tensor> arrays = read_npz(path);
  for (size_t i = 0; arrays.contains(fmt::format("output_{}", i)); ++i) {
    result.outputs.push_back(arrays.at(fmt::format("output_{}", i)));
  }
  for (const auto& [name, value] : arrays) {
    if (name.starts_with("value_")) result.values[name.substr(6)] = value;
  }
  return result;
}

}  // namespace

std::span<const Runtime> runtimes() {
  return kRuntimes;
}

const Runtime& runtime_named(std::string_view name) {
  const auto found = std::ranges::find(kRuntimes, name, &Runtime::name);
  OCTET_CHECK(found != kRuntimes.end(), "--with", "there is no runtime '{}'", name);
  return *found;
}

void run_in_runtime(const Runtime& runtime, const std::string& model_path,
                    const std::vector<std::string>& options, const std::vector<std::string>& names,
                    const std::vector<std::vector<at::Tensor>>& batches,
                    const std::function<void(size_t, const RunResult&)>& use) {
  const TemporaryFolder folder;
  for (size_t i = 0; i < batches.size(); ++i) {
    write_file_atomically(folder.file(fmt::format("in_{}.npz", i)), batch_bytes(names, batches[i]));
  }
  const char* given = std::getenv("OCTET_PYTHON");
  const std::string python = given != nullptr ? given : "python3";
  const std::string errors = folder.file("errors");
  std::vector<std::string> command{python, script_path(runtime).string(),
                                   std::filesystem::absolute(model_path).string(), folder.path(),
                                   std::to_string(batches.size())};
  command.insert(command.end(), options.begin(), options.end());
  const int status = run_program(command, errors);
  if (status == 127) {
    throw std::runtime_error(fmt::format(
        "[--with] the Python interpreter '{}' does not start; OCTET_PYTHON names another", python));
  }
  if (status == kNoPackage) {
    throw std::runtime_error(
        fmt::format("[--with] '{}' has no {}: {}, or let OCTET_PYTHON name a Python that has it",
                    python, runtime.name, runtime.remedy));
  }
  if (status != 0) {
    throw std::runtime_error(
        fmt::format("[{}] {}: {}", model_path, runtime.title, last_line(read_file(errors))));
  }
  for (size_t i = 0; i < batches.size(); ++i) {
    const std::string path = folder.file(fmt::format("out_{}.npz", i));
    use(i, read_result(path));
    std::filesystem::remove(path);
  }
}

}  // namespace octet::cli
