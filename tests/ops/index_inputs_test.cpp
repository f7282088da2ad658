#include "octet/ops/index_inputs.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/op_samples.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

std::string error_with(const OpSample& sample, size_t index, double value) {
  std::vector<at::Tensor> inputs = sample.inputs;
  inputs[index] = at::full(inputs[index].sizes(), value, at::kFloat);
  try {
    return run_error(sample.attributes, inputs);
  } catch (const std::exception& error) {
    return error.what();  // libtorch's, of an input that must be integers by its type
  }
}

TEST(IndexInputs, AreThoseThatRefuseOtherNumbers) {
  std::set<std::string> seen;
  for (const OpSample& sample : op_samples()) {
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
      const bool listed = is_index_input(sample.attributes, i);
      const bool refused =
          error_with(sample, i, 0.5).find("is not an integer") != std::string::npos;
      if (listed) {
        EXPECT_THAT(error_with(sample, i, 0), ::testing::Not(::testing::HasSubstr("integer")));
        seen.insert(fmt::format("{}.{}", type_name(sample.attributes),
                                input_spec(sample.attributes, i).name));
      } else {
        EXPECT_FALSE(refused) << describe(sample) << " input " << i;
      }
    }
  }
  for (const IndexInput& row : index_inputs()) {
    EXPECT_TRUE(seen.contains(fmt::format("{}.{}", row.type, row.input)))
        << row.type << " " << row.input;
  }
}

}  // namespace
}  // namespace octet
