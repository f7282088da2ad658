#include "octet/ops/roi_align.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// Two images of 4 x 4, in which pixel (i, j) is 10 i + j, in the second 100 more.
at::Tensor images() {
  const at::Tensor rows = at::arange(4).to(at::kDouble).reshape({4, 1});
  const at::Tensor first = rows * 10 + rows.t();
  return at::stack({first, first + 100}).unsqueeze(1);
}

at::Tensor pooled(const RoiAlign& op, const std::vector<double>& roi, int64_t image = 0) {
  return run_one(op, {images(), doubles(roi).reshape({1, 4}), at::tensor({image}, at::kLong)});
}

void expect_values(const at::Tensor& y, const std::vector<double>& expected) {
  EXPECT_TRUE(at::allclose(y.flatten(), doubles(expected), 1e-6, 1e-6)) << y;
}

const RoiAlign kQuarters{.output_height = 2, .output_width = 2, .sampling_ratio = 1};

// The image is a plane, so that a bin is worth what its middle is.
TEST(RoiAlign, HalfPixel) {
  // Rows and columns from -0.5 + 1 to 2.5: bins of 1 with middles 1 and 2.
  expect_values(pooled(kQuarters, {1, 1, 3, 3}), {11, 12, 21, 22});
  expect_values(pooled(kQuarters, {1, 1, 3, 3}, 1), {111, 112, 121, 122});
  // x from 1 to 3, y from 1.5 to 2.5.
  expect_values(pooled(kQuarters, {1.5, 2, 3.5, 3}), {19, 20, 24, 25});
  RoiAlign fine = kQuarters;
  fine.sampling_ratio = 3;
  expect_values(pooled(fine, {1.5, 2, 3.5, 3}), {19, 20, 24, 25});
  RoiAlign scaled = kQuarters;
  scaled.spatial_scale = 0.5F;
  expect_values(pooled(scaled, {2, 2, 6, 6}), {11, 12, 21, 22});
}

TEST(RoiAlign, OutputHalfPixel) {
  RoiAlign op = kQuarters;
  op.coordinate_transformation_mode = "output_half_pixel";
  expect_values(pooled(op, {1, 1, 3, 3}), {16.5, 17.5, 26.5, 27.5});
  // At least of size 1: middles 1.25 and 1.75.
  expect_values(pooled(op, {1, 1, 1, 1}), {13.75, 14.25, 18.75, 19.25});
}

// Without a sampling_ratio: ceil(2 / 1) = 2 rows of ceil(3 / 1) = 3 columns in one bin.
TEST(RoiAlign, TakesAsManySamplesAsThereArePixels) {
  const at::Tensor x = random_double({1, 2, 6, 6}, 1);
  const at::Tensor roi = doubles({1, 2, 4, 4}).reshape({1, 4});
  const at::Tensor y = run_one(RoiAlign{}, {x, roi, at::zeros({1}, at::kLong)});
  const at::Tensor expected = x.slice(2, 2, 4).slice(3, 1, 4).mean({2, 3});
  EXPECT_TRUE(at::allclose(y.reshape({1, 2}), expected));
  // A region of no size has no samples.
  const at::Tensor none =
      run_one(RoiAlign{}, {x, at::ones({1, 4}, at::kDouble), at::zeros({1}, at::kLong)});
  EXPECT_TRUE(at::equal(none, at::zeros({1, 2, 1, 1}, at::kDouble)));
}

// Positions up to one pixel outside repeat the border, others are 0.
TEST(RoiAlign, OutsideOfTheImage) {
  RoiAlign op{.output_height = 1,
              .output_width = 4,
              .sampling_ratio = 1,
              .coordinate_transformation_mode = "output_half_pixel"};
  // Columns -1.5, -0.5, 0.5, 1.5 of row 1.
  expect_values(pooled(op, {-2, 0.5, 2, 1.5}), {0, 10, 10.5, 11.5});
  // 2.5, 3.5, 4.5, 5.5
  expect_values(pooled(op, {2, 0.5, 6, 1.5}), {12.5, 13, 0, 0});
}

// Not the largest sample: the largest of the neighbours, each times its weight.
TEST(RoiAlign, Max) {
  const RoiAlign op{.sampling_ratio = 1, .mode = "max"};
  // Position (1.5, 1.75): 11, 12, 21, 22 times 1/8, 3/8, 1/8, 3/8.
  expect_values(pooled(op, {1.75, 1.5, 2.75, 2.5}), {22 * 0.375});
  const RoiAlign whole{.sampling_ratio = 2, .mode = "max"};
  // Positions 1 and 2 in both directions.
  expect_values(pooled(whole, {1, 1, 3, 3}), {22});
}

TEST(RoiAlign, GradientsReachTheImages) {
  const at::Tensor x = random_double({2, 2, 5, 6}, 2);
  const at::Tensor rois =
      doubles({0.3, 0.7, 4.1, 3.9, -1.7, 2, 7, 4.4, 1, 1, 1.5, 3}).reshape({3, 4});
  const at::Tensor indices = at::tensor({1, 0, 1}, at::kLong);
  for (const char* mode : {"avg", "max"}) {
    const RoiAlign op{.output_height = 2, .output_width = 3, .sampling_ratio = 2, .mode = mode};
    const at::Tensor dy = random_double({3, 2, 2, 3}, 3);
    const at::Tensor gradient = input_gradients(op, {x, rois, indices}, dy)[0];
    const double step = 1e-6;
    for (const int64_t i : {0, 17, 44, 95, 119}) {
      const at::Tensor change = at::zeros({x.numel()}, at::kDouble);
      change[i] = step;
      const auto value = [&](const at::Tensor& at) {
        return run_one(op, {at, rois, indices}).mul(dy).sum().item<double>();
      };
      const at::Tensor moved = change.reshape(x.sizes());
      EXPECT_NEAR(gradient.flatten()[i].item<double>(),
                  (value(x + moved) - value(x - moved)) / (2 * step), 1e-7);
    }
  }
}

TEST(RoiAlign, AnyNumberOfRegions) {
  const at::Tensor none =
      run_one(kQuarters, {images(), at::zeros({0, 4}), at::zeros({0}, at::kLong)});
  EXPECT_EQ(none.sizes(), at::IntArrayRef({0, 1, 2, 2}));
  EXPECT_EQ(inferred_shape(kQuarters, {{2, 3, 8, 8}, {kFreeDim, 4}, {kFreeDim}}),
            Shape({kFreeDim, 3, 2, 2}));
  EXPECT_EQ(inferred_shape(kQuarters, {{kFreeDim, 3, 8, 8}, {kFreeDim, 4}, {7}}),
            Shape({7, 3, 2, 2}));
}

TEST(RoiAlign, NamesWhatIsWrong) {
  const std::vector<Shape> shapes{{2, 3, 8, 8}, {5, 4}, {5}};
  EXPECT_EQ(infer_error(RoiAlign{.mode = "sum"}, shapes),
            "[RoiAlign] mode 'sum' must be avg or max");
  EXPECT_EQ(infer_error(RoiAlign{.coordinate_transformation_mode = "pixel"}, shapes),
            "[RoiAlign] coordinate_transformation_mode 'pixel' must be half_pixel or "
            "output_half_pixel");
  EXPECT_EQ(infer_error(RoiAlign{.output_height = 0}, shapes),
            "[RoiAlign] cannot pool to 0 x 1 by 0 samples");
  EXPECT_EQ(infer_error(RoiAlign{}, {{2, 8, 8}, {5, 4}, {5}}),
            "[RoiAlign] needs images (N, C, H, W), got (2, 8, 8)");
  EXPECT_EQ(infer_error(RoiAlign{}, {{2, 3, 8, 8}, {5, 4}, {6}}),
            "[RoiAlign] needs rois (R, 4) and batch_indices (R), got (5, 4) and (6)");
  const at::Tensor roi = at::tensor({0.0, 0.0, 2.0, 2.0}).reshape({1, 4});
  EXPECT_EQ(run_error(RoiAlign{}, {images(), roi, at::tensor({2}, at::kLong)}),
            "[test: RoiAlign] batch_indices 2 at position 0 is not an integer between 0 and 1");
  EXPECT_EQ(run_error(RoiAlign{}, {images(), roi * 1e9, at::tensor({0}, at::kLong)}),
            "[test: RoiAlign] cannot sample a region from 0 to 2000000000");
  const at::Tensor unknown = at::full({1, 4}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(run_error(RoiAlign{}, {images(), unknown, at::tensor({0}, at::kLong)}),
            "[test: RoiAlign] cannot sample a region from nan to nan");
}

}  // namespace
}  // namespace octet
