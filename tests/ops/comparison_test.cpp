#include "octet/ops/comparison.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

struct Row {
  Attributes tensors, scalar;
  std::vector<double> truth;  // of 1, 2, 3 and NaN against 2
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table{{Equal{}, EqualScalar{.val = 2}, {0, 1, 0, 0}},
                                      {NotEqual{}, NotEqualScalar{.val = 2}, {1, 0, 1, 1}},
                                      {Greater{}, GreaterScalar{.val = 2}, {0, 0, 1, 0}},
                                      {GreaterEqual{}, GreaterEqualScalar{.val = 2}, {0, 1, 1, 0}},
                                      {Less{}, LessScalar{.val = 2}, {1, 0, 0, 0}},
                                      {LessEqual{}, LessEqualScalar{.val = 2}, {1, 1, 0, 0}}};
  return table;
}

TEST(Comparison, OfTwoTensorsAndWithANumber) {
  const at::Tensor x = doubles({1, 2, 3, std::numeric_limits<double>::quiet_NaN()});
  for (const Row& row : rows()) {
    EXPECT_TRUE(at::equal(run_one(row.tensors, {x, doubles({2})}), doubles(row.truth)))
        << type_name(row.tensors);
    EXPECT_TRUE(at::equal(run_one(row.scalar, {x}), doubles(row.truth))) << type_name(row.scalar);
    const at::Tensor leaf = x.clone().requires_grad_();
    EXPECT_FALSE(run_one(row.scalar, {leaf}).requires_grad()) << type_name(row.scalar);
  }
}

TEST(Comparison, OfIntegersGivesFloat32) {
  const at::Tensor x = at::tensor({1, 2}, at::kLong);
  EXPECT_TRUE(at::equal(run_one(Equal{}, {x, x}), at::tensor({1.0F, 1.0F})));
  EXPECT_TRUE(at::equal(run_one(LessScalar{.val = 1.5}, {x}), at::tensor({1.0F, 0.0F})));
}

TEST(Comparison, RefusesShapesThatDoNotBroadcast) {
  for (const Row& row : rows()) {
    EXPECT_EQ(infer_error(row.tensors, {{2}, {3}}),
              fmt::format("[{}] shapes (2) and (3) do not broadcast", type_name(row.tensors)));
  }
}

}  // namespace
}  // namespace octet
