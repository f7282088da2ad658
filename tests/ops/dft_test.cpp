#include "octet/ops/dft.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

void expect_values(const at::Tensor& y, const Shape& shape, const std::vector<double>& expected) {
  EXPECT_EQ(y.sizes(), at::IntArrayRef(shape));
  EXPECT_TRUE(at::allclose(y.flatten(), doubles(expected), 1e-12, 1e-12)) << y;
}

at::Tensor ramp() {
  return doubles({1, 2, 3, 4}).reshape({1, 4, 1});
}

// 1 + 2 + 3 + 4, 1 - 2i - 3 + 4i, 1 - 2 + 3 - 4, and the conjugate of the second.
TEST(DFT, OfFourNumbers) {
  expect_values(run_one(DFT{}, {ramp()}), {1, 4, 2}, {10, 0, -2, 2, -2, 0, -2, -2});
  expect_values(run_one(DFT{.onesided = true}, {ramp()}), {1, 3, 2}, {10, 0, -2, 2, -2, 0});
  expect_values(run_one(DFT{.inverse = true}, {ramp()}), {1, 4, 2},
                {2.5, 0, -0.5, -0.5, -0.5, 0, -0.5, 0.5});
  // i times the numbers turns the result by a quarter.
  const at::Tensor imaginary = at::cat({at::zeros_like(ramp()), ramp()}, -1);
  expect_values(run_one(DFT{}, {imaginary}), {1, 4, 2}, {0, 10, -2, -2, 0, -2, 2, -2});
}

TEST(DFT, CutsAndFillsWithZeros) {
  expect_values(run_one(DFT{.dft_length = 2}, {ramp()}), {1, 2, 2}, {3, 0, -1, 0});
  expect_values(run_one(DFT{.dft_length = 6, .onesided = true}, {ramp()}).slice(1, 3), {1, 1, 2},
                {-2, 0});
}

TEST(DFT, AlongAnyAxisAndBack) {
  const at::Tensor x = random_double({3, 5, 4, 2}, 1);
  for (const int64_t axis : {0, 1, 2, -4}) {
    const at::Tensor y = run_one(DFT{.axis = axis}, {x});
    EXPECT_TRUE(at::allclose(run_one(DFT{.axis = axis, .inverse = true}, {y}), x));
  }
  const at::Tensor row = run_one(DFT{.axis = 1}, {x}).select(2, 1);
  EXPECT_TRUE(at::allclose(row, run_one(DFT{.axis = 1}, {x.select(2, 1)})));
}

TEST(DFT, OneSidedAndBack) {
  for (const int64_t length : {6, 7}) {
    const at::Tensor x = random_double({2, length, 1}, 2);
    const at::Tensor half = run_one(DFT{.onesided = true}, {x});
    EXPECT_EQ(half.size(1), length / 2 + 1);
    const DFT back{.dft_length = length, .inverse = true, .onesided = true};
    EXPECT_TRUE(at::allclose(run_one(back, {half}), x));
  }
  EXPECT_EQ(inferred_shape(DFT{.inverse = true, .onesided = true}, {{2, 4, 2}}), Shape({2, 6, 1}));
}

TEST(DFT, Gradients) {
  const at::Tensor x = random_double({2, 5, 2}, 3);
  EXPECT_LE(gradient_error(DFT{}, {x}), 1e-7);
  EXPECT_LE(gradient_error(DFT{.dft_length = 7, .inverse = true}, {x}), 1e-7);
  EXPECT_LE(gradient_error(DFT{.onesided = true}, {x.slice(2, 0, 1)}), 1e-7);
  EXPECT_LE(gradient_error(DFT{.inverse = true, .onesided = true}, {x}), 1e-7);
}

TEST(DFT, FreeExtents) {
  EXPECT_EQ(inferred_shape(DFT{}, {{kFreeDim, 8, 1}}), Shape({kFreeDim, 8, 2}));
  EXPECT_EQ(inferred_shape(DFT{.onesided = true}, {{2, kFreeDim, 1}}), Shape({2, kFreeDim, 2}));
  EXPECT_EQ(inferred_shape(DFT{.dft_length = 8, .onesided = true}, {{2, kFreeDim, 1}}),
            Shape({2, 5, 2}));
}

TEST(DFT, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(DFT{}, {{2, 4, 3}}),
            "[DFT] needs an input whose last dimension is 1 (real) or 2 (complex), got (2, 4, 3)");
  EXPECT_EQ(infer_error(DFT{.axis = 2}, {{2, 4, 1}}),
            "[DFT] axis 2 is that of the real and imaginary parts");
  EXPECT_EQ(infer_error(DFT{.dft_length = -1}, {{2, 4, 1}}),
            "[DFT] dft_length -1 must not be negative");
  EXPECT_EQ(infer_error(DFT{.onesided = true}, {{2, 4, 2}}),
            "[DFT] onesided needs real numbers as input, got (2, 4, 2)");
  EXPECT_EQ(infer_error(DFT{.inverse = true, .onesided = true}, {{2, 4, 1}}),
            "[DFT] onesided needs complex numbers as input, got (2, 4, 1)");
  EXPECT_EQ(infer_error(DFT{.inverse = true, .onesided = true}, {{2, 1, 2}}),
            "[DFT] has no length for (2, 1, 2)");
  EXPECT_EQ(run_error(DFT{}, {at::ones({2, 4, 1}, at::kLong)}),
            "[DFT] needs a float input, got int64");
}

}  // namespace
}  // namespace octet
