#include "octet/ops/index_inputs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "tests/support/op_samples.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// What the operation says when one input of the sample is replaced; "" if it runs.
std::string error_with(const OpSample& sample, size_t index, const at::Tensor& value) {
  std::vector<at::Tensor> inputs = sample.inputs;
  inputs[index] = value;
  std::vector<VariableType> types;
  for (const at::Tensor& input : inputs) types.push_back(type_of(input));
  RandomState random;
  ForwardContext context{&random, "test"};
  try {
    infer_types(sample.attributes, types);
    run_forward(sample.attributes, inputs, context);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(IndexInputs, AreThoseThatRefuseOtherNumbers) {
  std::set<std::string> sampled;
  for (const OpSample& sample : op_samples()) {
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
      SCOPED_TRACE(fmt::format("{} input {}", describe(sample), i));
      const at::Tensor& input = sample.inputs[i];
      if (is_index_input(sample.attributes, i)) {
        EXPECT_EQ(error_with(sample, i, at::zeros_like(input)), "");
        sampled.insert(fmt::format("{} {}", type_name(sample.attributes),
                                   input_spec(sample.attributes, i).name));
        continue;
      }
      const at::Tensor halves = at::full(input.sizes(), 0.5, at::kFloat);
      EXPECT_EQ(error_with(sample, i, halves).find(" 0.5 at position "), std::string::npos);
    }
  }
  for (const IndexInput& row : index_inputs()) {
    EXPECT_TRUE(sampled.contains(fmt::format("{} {}", row.type, row.input)))
        << row.type << " " << row.input;
  }
}

}  // namespace
}  // namespace octet
