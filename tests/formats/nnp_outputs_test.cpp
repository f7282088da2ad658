// The .nnp files that NNabla wrote, run on the inputs that it was given: its outputs come out.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/interpreter.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

using std::filesystem::path;

std::vector<path> files_below(const path& root, const std::string& name_end) {
  std::vector<path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().filename().string().ends_with(name_end)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Inputs by the names of the network's inputs; the first dimension of what NNabla flattened on
// saving (base_axis 2) is flattened here too.
std::vector<at::Tensor> outputs_of(const NnpModel& model,
                                   const std::function<at::Tensor(const std::string&)>& input) {
  Values values;
  for (const VariableId id : model.graph.leaves(model.graph.outputs())) {
    const Variable& variable = model.graph.variable(id);
    if (variable.kind != VariableKind::kInput) continue;
    at::Tensor value = input(variable.name);
    if (value.dim() > variable.type.shape.rank()) value = value.flatten(0, 1);
    values[id] = value;
  }
  RandomState random(0);
  const Values results = run(model.graph, *model.parameters, values, model.graph.outputs(), random,
                             {.gradients = false, .keep = {}, .observer = {}});
  std::vector<at::Tensor> outputs;
  for (const VariableId id : model.graph.outputs()) outputs.push_back(results.at(id));
  return outputs;
}

// In float32 eps of the largest expected value.
double distance_in_eps(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor same_shape = found.reshape(expected.sizes()).to(at::kDouble);
  const at::Tensor wanted = expected.to(at::kDouble);
  const double largest = std::max(wanted.abs().max().item<double>(), 1e-30);
  return (same_shape - wanted).abs().max().item<double>() / largest / 0x1p-23;
}

TEST(NnpOutputs, EveryLayer) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  int compared = 0;
  for (const path& file : files_below(reference_folder() / "layers", ".nnp")) {
    const path folder = file.parent_path();
    // NNabla's Dropout draws its own mask.
    if (folder.filename() == "dropout") continue;
    SCOPED_TRACE(file.string());
    const NnpModel model = read_nnp(file.string());
    const std::vector<at::Tensor> outputs = outputs_of(model, [&](const std::string& name) {
      return read_npy((folder / ("in_" + name + ".npy")).string());
    });
    for (size_t i = 0; i < outputs.size(); ++i) {
      const path expected = folder / fmt::format("out_y{}.npy", i);
      ASSERT_TRUE(std::filesystem::exists(expected)) << expected;
      // Sums of up to some hundred products in another order.
      EXPECT_LE(distance_in_eps(outputs[i], read_npy(expected.string())), 32) << i;
      ++compared;
    }
  }
  EXPECT_GE(compared, 70);
}

// The output that belongs to a file of qat/; "" for none.
std::string output_of_qat_file(const path& file) {
  const std::string name = file.filename().string();
  if (name == "float.nnp" || name == "float_protobuf.nnp") return "y_float.npy";
  if (name == "qat_at4.nnp") return "y_val_qat_at4.npy";
  if (name == "qat_end.nnp") return "y_val_qat_end.npy";
  return "";
}

TEST(NnpOutputs, EveryFloatAndQuantizedNetwork) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  const path root = reference_folder() / "qat";
  const at::Tensor x = read_npy((root / "x_val.npy").string());
  int compared = 0;
  for (const path& file : files_below(root, ".nnp")) {
    const std::string expected = output_of_qat_file(file);
    if (expected.empty()) continue;
    SCOPED_TRACE(file.string());
    const NnpModel model = read_nnp(file.string());
    const at::Tensor found = outputs_of(model, [&](const std::string&) { return x; }).at(0);
    const at::Tensor wanted = read_npy((file.parent_path() / expected).string());
    const bool quantized = expected != "y_float.npy";
    // Most agree within 10 eps. A value on the border between two quantization steps may fall to
    // the other side when sums are taken in another order; one of them moves these logits by 500
    // eps.
    EXPECT_LE(distance_in_eps(found, wanted), quantized ? 1000 : 32);
    ++compared;
  }
  EXPECT_GE(compared, 24);
}

}  // namespace
}  // namespace octet
