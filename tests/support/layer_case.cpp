#include "tests/support/layer_case.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/reference_files.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

void expect_close(const at::Tensor& actual, const at::Tensor& stored, double eps,
                  const std::string& what) {
  ASSERT_TRUE(actual.defined()) << what;
  // A number is stored as an array of one.
  const bool number = actual.dim() == 0 && stored.numel() == 1;
  const at::Tensor expected = number ? stored.reshape({}) : stored;
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const double largest = std::max(expected.abs().max().item<double>(), 1e-30);
  const double difference = (actual - expected).abs().max().item<double>();
  EXPECT_LE(difference, eps * std::numeric_limits<float>::epsilon() * largest)
      << what << ": " << difference << " of " << largest;
}

}  // namespace

void expect_layer_case(const LayerCase& layer_case) {
  const std::filesystem::path folder = reference_dir() / "layers" / layer_case.name;
  std::vector<at::Tensor> inputs;
  for (const std::string& input : layer_case.inputs) {
    inputs.push_back(load_npy(folder / (input + ".npy")));
  }
  expect_close(run_one(layer_case.attributes, inputs), load_npy(folder / "out_y0.npy"),
               layer_case.eps, layer_case.name + " out_y0");
  if (!layer_case.gradients) return;
  const std::vector<at::Tensor> gradients =
      input_gradients(layer_case.attributes, inputs, load_npy(folder / "gradout_y0.npy"));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string file = "grad_" + layer_case.inputs[i] + ".npy";
    if (!std::filesystem::exists(folder / file)) continue;
    expect_close(gradients[i], load_npy(folder / file), layer_case.eps,
                 layer_case.name + " " + file);
  }
}

}  // namespace octet
