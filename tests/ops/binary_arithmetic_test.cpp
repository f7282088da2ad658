#include "octet/ops/binary_arithmetic.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/base/error.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

at::Tensor binary(const Attributes& op, const std::vector<double>& a,
                  const std::vector<double>& b) {
  return run_one(op, {doubles(a), doubles(b)});
}

TEST(BinaryArithmetic, Values) {
  const std::vector<double> a{-7, 2, 8};
  const std::vector<double> b{2, 4, -3};
  EXPECT_TRUE(at::equal(binary(Sub2{}, a, b), doubles({-9, -2, 11})));
  EXPECT_TRUE(at::equal(binary(Mul2{}, a, b), doubles({-14, 8, -24})));
  EXPECT_TRUE(at::equal(binary(BcAdd2{}, a, b), doubles({-5, 6, 5})));
  EXPECT_TRUE(at::equal(binary(Div2{}, a, b), doubles({-3.5, 0.5, -8.0 / 3})));
  EXPECT_TRUE(at::allclose(binary(Power2{}, a, b), doubles({49, 16, 1.0 / 512})));
  EXPECT_TRUE(at::equal(binary(Maximum2{}, a, b), doubles({2, 4, 8})));
  EXPECT_TRUE(at::equal(binary(Minimum2{}, a, b), doubles({-7, 2, -3})));
  EXPECT_TRUE(at::equal(binary(Mod2{}, a, b), doubles({-1, 2, 2})));
  EXPECT_TRUE(at::allclose(binary(ATan2{}, a, b),
                           doubles({std::atan2(-7, 2), std::atan2(2, 4), std::atan2(8, -3)})));
}

TEST(BinaryArithmetic, GradientsAreSlopesAlsoWhereOneOperandIsBroadcast) {
  const at::Tensor a = doubles({0.7, 2.2, 1.9, 3.1, 0.4, 1.3}).reshape({2, 3});
  const at::Tensor b = doubles({1.5, 0.6, 2.4});
  for (const Attributes& op :
       {Attributes(Sub2{}), Attributes(Mul2{}), Attributes(Div2{}), Attributes(Power2{}),
        Attributes(Maximum2{}), Attributes(Minimum2{}), Attributes(ATan2{}), Attributes(BcAdd2{}),
        Attributes(Mod2{}), Attributes(AddN{}), Attributes(MulN{})}) {
    EXPECT_LT(gradient_error(op, {a, b}), 1e-7) << type_name(op);
  }
}

TEST(BinaryArithmetic, BetweenEqualElementsTheGradientGoesToTheSecond) {
  for (const Attributes& op : {Attributes(Maximum2{}), Attributes(Minimum2{})}) {
    const auto gradients = input_gradients(op, {doubles({1, 2}), doubles({1, 2})});
    EXPECT_TRUE(at::equal(gradients[0], doubles({0, 0}))) << type_name(op);
    EXPECT_TRUE(at::equal(gradients[1], doubles({1, 1}))) << type_name(op);
  }
}

TEST(BinaryArithmetic, MaximumAndMinimumKeepNaN) {
  for (const Attributes& op : {Attributes(Maximum2{}), Attributes(Minimum2{})}) {
    EXPECT_TRUE(binary(op, {kNaN, 1, kNaN}, {1, kNaN, kNaN}).isnan().all().item<bool>());
  }
}

TEST(BinaryArithmetic, Integers) {
  const at::Tensor a = at::tensor({-7, 7}, at::kInt);
  const at::Tensor b = at::tensor({3, -3}, at::kInt);
  EXPECT_TRUE(at::equal(run_one(Mod2{}, {a, b}), at::tensor({2, -2}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Mod2{.fmod = true}, {a, b}), at::tensor({-1, 1}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Sub2{}, {a, b}), at::tensor({-10, 10}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Maximum2{}, {a, b}), at::tensor({3, 7}, at::kInt)));
  EXPECT_TRUE(
      at::equal(run_one(Div2{}, {b, at::tensor({2, 2}, at::kInt)}), at::tensor({1.5F, -1.5F})));
}

TEST(BinaryArithmetic, IntegerDivision) {
  constexpr int kLeast = std::numeric_limits<int>::min();
  const at::Tensor a = at::tensor({-7, 7, kLeast}, at::kInt);
  const at::Tensor b = at::tensor({2, -2, -1}, at::kInt);
  EXPECT_TRUE(
      at::equal(run_one(Div2{.truncate = true}, {a, b}), at::tensor({-3, -3, kLeast}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Mod2{}, {a, b}), at::tensor({1, -1, 0}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Mod2{.fmod = true}, {a, b}), at::tensor({-1, 1, 0}, at::kInt)));
  const at::Tensor bytes = at::tensor({255, 254}, at::kByte);
  EXPECT_TRUE(at::equal(run_one(Div2{.truncate = true}, {bytes, bytes.flip(0)}),
                        at::tensor({1, 0}, at::kByte)));
  const at::Tensor zero = at::tensor({1, 0}, at::kInt);
  EXPECT_EQ(run_error(Div2{.truncate = true}, {zero, zero}),
            "[test: Div2] the integer divisor at position 1 is zero");
  EXPECT_EQ(run_error(Mod2{}, {zero, zero}),
            "[test: Mod2] the integer divisor at position 1 is zero");
  EXPECT_EQ(infer_error(Div2{.truncate = true}, {{2}, {2}}),
            "[Div2] truncate is for integers, got float32");
}

TEST(BinaryArithmetic, SumsAndProductsOfAnyNumberOfInputs) {
  const std::vector<at::Tensor> inputs{doubles({1, 2}), doubles({3, 4}), doubles({5, 6})};
  EXPECT_TRUE(at::equal(run_one(AddN{}, inputs), doubles({9, 12})));
  EXPECT_TRUE(at::equal(run_one(MulN{}, inputs), doubles({15, 48})));
  EXPECT_TRUE(at::equal(run_one(AddN{}, {inputs[0]}), inputs[0]));
}

TEST(BinaryArithmetic, Shapes) {
  const std::vector<VariableType> types{{DType::kFloat32, {kFreeDim, 4, 8}, {}},
                                        {DType::kFloat32, {4, 1}, {}}};
  EXPECT_EQ(infer_types(Mul2{}, types)[0].shape, Shape({kFreeDim, 4, 8}));
  EXPECT_EQ(infer_error(Sub2{}, {{2, 3}, {4}}), "[Sub2] shapes (2, 3) and (4) do not broadcast");
  EXPECT_EQ(infer_error(Power2{}, {{2}, {3}}), "[Pow2] shapes (2) and (3) do not broadcast");
  EXPECT_EQ(infer_error(AddN{}, {{2}, {1}, {3}}), "[AddN] shapes (2) and (3) do not broadcast");
}

TEST(BinaryArithmetic, RefusesMixedElementTypes) {
  const std::vector<VariableType> types{{DType::kFloat32, {2}, {}}, {DType::kInt8, {2}, {}}};
  try {
    infer_types(Div2{}, types);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[Div2] inputs of type float32 and int8 do not go together");
  }
}

}  // namespace
}  // namespace octet
