#include "tests/support/onnx_backend_case.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>

#include "octet/base/error.h"
#include "octet/formats/onnx/model_file.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/graph/interpreter.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

constexpr double kAbsolute = 1e-7;
constexpr double kRelative = 1e-3;
constexpr double kEps = std::numeric_limits<float>::epsilon();
// The cases' bfloat16 numbers are cut off, not rounded, behind their eighth bit; Octet computes
// with float32 in their place.
constexpr double kRelativeBfloat16 = 1.0 / 128;

// A tensor of a case's files. NumPy, which wrote them, has no bfloat16: where the model says so,
// its bits are stored as uint16.
at::Tensor read_case_tensor(const fs::path& file, const onnx::ValueInfoProto& info) {
  const at::Tensor value = read_tensor_file(file.string());
  const bool is_bfloat16 = info.type().tensor_type().elem_type() == onnx::TensorProto::BFLOAT16;
  if (!is_bfloat16 || value.scalar_type() != at::kInt) return value;
  return value.to(at::kShort).view(at::kBFloat16);
}

using ValueInfos = std::vector<onnx::ValueInfoProto>;

// The inputs that a case has files for, in their order.
ValueInfos input_infos(const onnx::GraphProto& graph) {
  std::set<std::string> initializers;
  for (const onnx::TensorProto& tensor : graph.initializer()) initializers.insert(tensor.name());
  ValueInfos infos;
  for (const onnx::ValueInfoProto& input : graph.input()) {
    if (!initializers.contains(input.name())) infos.push_back(input);
  }
  return infos;
}

std::map<std::string, at::Tensor> stored_inputs(const fs::path& set, const ValueInfos& infos) {
  std::map<std::string, at::Tensor> inputs;
  for (size_t i = 0; i < infos.size(); ++i) {
    const fs::path file = set / ("input_" + std::to_string(i) + ".pb");
    if (!fs::exists(file)) continue;
    const at::Tensor value = read_case_tensor(file, infos[i]);
    const bool is_short = value.scalar_type() == at::kHalf || value.scalar_type() == at::kBFloat16;
    inputs[infos[i].name()] = is_short ? value.to(at::kFloat) : value;
  }
  return inputs;
}

// The message without the folder of the model.
std::string note_of(const std::exception& error, const fs::path& folder) {
  std::string text = error.what();
  for (const std::string& part : {(folder / "model.onnx: ").string(), folder.string() + "/"}) {
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part)) {
      text.erase(at, part.size());
    }
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.substr(0, 160);
}

bool could_be_a_shape(const at::Tensor& value) {
  constexpr int64_t kMostScales = 8;  // of Resize, one per dimension
  return value.dim() <= 1 && (!value.is_floating_point() || value.numel() <= kMostScales);
}

struct ReadCase {
  OnnxModel model;
  std::string fixed;  // the inputs that were given at import
};

ReadCase read_case(const fs::path& folder, const std::map<std::string, at::Tensor>& inputs) {
  const std::string path = (folder / "model.onnx").string();
  try {
    return {read_onnx(path), ""};
  } catch (const Error&) {
    OnnxReadOptions options;
    std::string names;
    for (const auto& [name, value] : inputs) {
      if (!could_be_a_shape(value)) continue;
      options.fixed_inputs[name] = value;
      names += (names.empty() ? "with known " : ", ") + name;
    }
    if (options.fixed_inputs.empty()) throw;
    return {read_onnx(path, options), names};
  }
}

// "" if they agree.
std::string difference(const at::Tensor& value, const at::Tensor& expected) {
  if (value.sizes() != expected.sizes()) {
    return fmt::format("shape {}, expected {}", to_string(Shape(value.sizes().vec())),
                       to_string(Shape(expected.sizes().vec())));
  }
  const at::Tensor a = value.to(at::kDouble);
  const at::Tensor b = expected.to(at::kDouble);
  if (expected.is_floating_point()) {
    const bool is_bfloat16 = expected.scalar_type() == at::kBFloat16;
    const double relative = is_bfloat16 ? kRelativeBfloat16 : kRelative;
    // Where large numbers cancel, what remains is as precise as they are.
    const at::Tensor finite = b.masked_fill(b.isfinite().logical_not(), 0).abs();
    const double largest = finite.numel() > 0 ? finite.max().item<double>() : 0;
    const double absolute = std::max(kAbsolute, kEps * largest);
    if (at::allclose(a, b, relative, absolute, /*equal_nan=*/true)) return "";
  } else if (at::equal(a, b)) {
    return "";
  }
  const at::Tensor errors = a.sub(b).abs();
  return fmt::format("differs by {:.3g} of {:.3g}", errors.max().item<double>(),
                     b.abs().max().item<double>());
}

std::string run_set(OnnxModel& model, const std::map<std::string, at::Tensor>& inputs,
                    const onnx::GraphProto& graph, const fs::path& set) {
  Values values;
  for (const auto& [name, value] : inputs) {
    const VariableId id = model.graph.find_variable(name);
    if (id != kNoId && model.graph.variable(id).kind == VariableKind::kInput) values[id] = value;
  }
  RandomState random(0);
  const std::vector<VariableId>& outputs = model.graph.outputs();
  const Values results = run(model.graph, *model.parameters, values, outputs, random,
                             {.gradients = false, .keep = {}, .observer = {}});
  for (size_t i = 0; i < outputs.size(); ++i) {
    const fs::path file = set / ("output_" + std::to_string(i) + ".pb");
    if (!fs::exists(file)) continue;
    const at::Tensor expected = read_case_tensor(file, graph.output(static_cast<int>(i)));
    const std::string problem = difference(results.at(outputs[i]), expected);
    if (!problem.empty()) return fmt::format("output {}: {}", i, problem);
    const DType type = model.graph.variable(outputs[i]).type.dtype;
    const at::ScalarType held =
        expected.scalar_type() == at::kHalf || expected.scalar_type() == at::kBFloat16
            ? at::kFloat
            : expected.scalar_type();
    const int32_t wanted = proto_from_tensor(at::empty({0}, held)).data_type();
    if (onnx_data_type(type) != wanted) {
      return fmt::format("output {}: type {}, expected {}", i, to_string(type),
                         onnx_type_name(wanted));
    }
  }
  return "";
}

std::vector<fs::path> data_sets(const fs::path& folder) {
  std::vector<fs::path> sets;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) sets.push_back(entry.path());
  }
  std::sort(sets.begin(), sets.end());
  return sets;
}

}  // namespace

std::string to_string(BackendStatus status) {
  switch (status) {
    case BackendStatus::kPassed:
      return "passed";
    case BackendStatus::kFailed:
      return "failed";
    default:
      return "unsupported";
  }
}

fs::path backend_data_folder() {
  const char* set = std::getenv("OCTET_ONNX_TESTDATA");
  const fs::path path = set != nullptr ? fs::path(set) : "/usr/share/libonnx-testdata/data";
  return fs::is_directory(path) ? path : fs::path();
}

std::vector<std::string> backend_cases(const fs::path& data) {
  std::vector<std::string> cases;
  for (const char* suite : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    if (!fs::is_directory(data / suite)) continue;
    for (const auto& entry : fs::directory_iterator(data / suite)) {
      if (!fs::exists(entry.path() / "model.onnx")) continue;
      cases.push_back(std::string(suite) + "/" + entry.path().filename().string());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

BackendResult run_backend_case(const fs::path& folder) {
  ReadCase read;
  const std::vector<fs::path> sets = data_sets(folder);
  std::vector<std::map<std::string, at::Tensor>> inputs;
  OnnxFile file;
  try {
    file = read_onnx_file((folder / "model.onnx").string());
    const ValueInfos infos = input_infos(file.model.graph());
    for (const fs::path& set : sets) inputs.push_back(stored_inputs(set, infos));
    read = read_case(folder, inputs.empty() ? std::map<std::string, at::Tensor>() : inputs[0]);
  } catch (const Error& error) {
    return {BackendStatus::kUnsupported, note_of(error, folder)};
  } catch (const std::exception& error) {
    return {BackendStatus::kFailed, note_of(error, folder)};
  }
  try {
    for (size_t i = 0; i < sets.size(); ++i) {
      const std::string problem = run_set(read.model, inputs[i], file.model.graph(), sets[i]);
      if (!problem.empty()) return {BackendStatus::kFailed, problem};
    }
  } catch (const std::exception& error) {
    return {BackendStatus::kFailed, note_of(error, folder)};
  }
  return {BackendStatus::kPassed, read.fixed};
}

}  // namespace octet
