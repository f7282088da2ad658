// Other runtimes as a second opinion: a small Python script for each (tools/run_<runtime>.py,
// installed with the program) runs a file in it.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "octet/cli/compare_networks.h"

namespace octet::cli {

// One row per runtime: `verify --with`, its checks and its messages go by this table.
struct Runtime {
  std::string_view name;                      // of --with, the script and Python's package
  std::string_view title;                     // in messages
  std::string_view extension;                 // of the files that it runs
  std::span<const std::string_view> targets;  // what it takes; the first one unless told
  std::string_view remedy;                    // where Python lacks the package
};
std::span<const Runtime> runtimes();
// Throws Error for a name that is not in the table.
const Runtime& runtime_named(std::string_view name);

// Runs the model on each batch and calls `use` with what each gave, in order. `options` are further
// arguments of the script, `names` those of the tensors in a batch. A result has the outputs, and
// by name the values that the options ask for where Python can show them. OCTET_PYTHON names the
// interpreter (python3). Throws std::runtime_error for a Python without the package, saying how to
// get it, and for what the runtime itself refuses.
void run_in_runtime(const Runtime& runtime, const std::string& model_path,
                    const std::vector<std::string>& options, const std::vector<std::string>& names,
                    const std::vector<std::vector<at::Tensor>>& batches,
                    const std::function<void(size_t, const RunResult&)>& use);

}  // namespace octet::cli
