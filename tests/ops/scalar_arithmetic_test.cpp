#include "octet/ops/scalar_arithmetic.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/graph/functions.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(ScalarArithmetic, Values) {
  const at::Tensor x = doubles({-2, 0.5, 3});
  EXPECT_TRUE(at::equal(run_one(AddScalar{.val = 1.5}, {x}), doubles({-0.5, 2, 4.5})));
  EXPECT_TRUE(at::equal(run_one(MulScalar{.val = -2}, {x}), doubles({4, -1, -6})));
  EXPECT_TRUE(at::equal(run_one(PowScalar{.val = 3}, {x}), doubles({-8, 0.125, 27})));
  EXPECT_TRUE(at::equal(run_one(RSubScalar{.val = 1}, {x}), doubles({3, 0.5, -2})));
  EXPECT_TRUE(at::equal(run_one(RDivScalar{.val = 1.5}, {x}), doubles({-0.75, 3, 0.5})));
  EXPECT_TRUE(at::allclose(run_one(RPowScalar{.val = 4}, {x}), doubles({1.0 / 16, 2, 64})));
  EXPECT_TRUE(at::equal(run_one(MinimumScalar{.val = 0.5}, {x}), doubles({-2, 0.5, 0.5})));
  EXPECT_TRUE(at::equal(run_one(MaximumScalar{.val = 0.5}, {x}), doubles({0.5, 0.5, 3})));
}

TEST(ScalarArithmetic, GradientsAreSlopes) {
  const at::Tensor x = doubles({0.3, 0.8, 2.6});
  for (const Attributes& op :
       {Attributes(AddScalar{.val = 1.5}), Attributes(MulScalar{.val = -2}),
        Attributes(PowScalar{.val = 2.5}), Attributes(RSubScalar{.val = 3}),
        Attributes(RDivScalar{.val = 0.7}), Attributes(RPowScalar{.val = 1.7}),
        Attributes(MinimumScalar{.val = 1}), Attributes(MaximumScalar{.val = 1})}) {
    EXPECT_LT(gradient_error(op, {x}), 1e-7) << type_name(op);
  }
}

TEST(ScalarArithmetic, LimitsGiveNoGradientWhereEqual) {
  const at::Tensor x = doubles({0, 1, 2});
  EXPECT_TRUE(at::equal(input_gradients(MinimumScalar{.val = 1}, {x})[0], doubles({1, 0, 0})));
  EXPECT_TRUE(at::equal(input_gradients(MaximumScalar{.val = 1}, {x})[0], doubles({0, 0, 1})));
}

TEST(ScalarArithmetic, LimitsKeepNaN) {
  const at::Tensor nan = doubles({std::numeric_limits<double>::quiet_NaN()});
  EXPECT_TRUE(run_one(MinimumScalar{.val = 1}, {nan}).isnan().item<bool>());
  EXPECT_TRUE(run_one(MaximumScalar{.val = 1}, {nan}).isnan().item<bool>());
}

TEST(ScalarArithmetic, DivisionRoundsOnce) {
  const at::Tensor x = at::arange(1, 1000, at::kFloat);
  EXPECT_TRUE(at::equal(run_one(RDivScalar{.val = 3}, {x}), at::full_like(x, 3) / x));
}

TEST(ScalarArithmetic, ComputesIntegersAsFloat32) {
  EXPECT_TRUE(at::equal(run_one(MulScalar{.val = 0.5}, {at::tensor({3, 4}, at::kByte)}),
                        at::tensor({1.5F, 2.0F})));
}

TEST(ScalarArithmetic, OperatorsOfHandles) {
  Network network;
  const VariableRef a = network.input("a", {2});
  const VariableRef b = network.input("b", {2});
  a.d() = at::tensor({1.0F, 4.0F});
  b.d() = at::tensor({2.0F, 8.0F});
  const auto expect = [](const VariableRef& y, float first, float second) {
    y.forward();
    EXPECT_TRUE(at::equal(y.d(), at::tensor({first, second}))) << y.d();
  };
  expect(a + b, 3, 12);
  expect(a - b, -1, -4);
  expect(a * b, 2, 32);
  expect(a / b, 0.5, 0.5);
  expect(a + 1, 2, 5);
  expect(1 + a, 2, 5);
  expect(a - 1, 0, 3);
  expect(1 - a, 0, -3);
  expect(a * 3, 3, 12);
  expect(3 * a, 3, 12);
  expect(a / 4, 0.25, 1);
  expect(4 / a, 4, 1);
  expect(-a, -1, -4);
}

}  // namespace
}  // namespace octet
