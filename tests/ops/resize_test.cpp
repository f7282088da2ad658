// Resize and WarpByGrid, against the numbers of ONNX's own cases.
#include "octet/ops/resize.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// 1 to 16.
at::Tensor image() {
  return at::arange(1, 17).to(at::kDouble).reshape({1, 1, 4, 4});
}

// The expected numbers are float32 rounded to 7 or 8 digits.
void expect_values(const at::Tensor& y, const std::vector<double>& expected) {
  EXPECT_TRUE(at::allclose(y.flatten(), doubles(expected), 1e-6, 1e-6)) << y;
}

TEST(Resize, Cubic) {
  const Resize op{.output_size = {3, 3}, .scales = {0.8F, 0.8F}, .mode = "cubic"};
  expect_values(run_one(op, {image()}), {1.4711914, 2.78125, 4.0825195, 6.711426, 8.021484,
                                         9.322754, 11.916504, 13.2265625, 14.527832});
  Resize inside = op;
  inside.cubic_coeff_a = -0.5F;
  inside.exclude_outside = true;
  expect_values(run_one(inside, {image()}), {1.3681267, 2.6695013, 4.0133367, 6.573625, 7.875,
                                             9.218835, 11.948966, 13.250341, 14.594176});
  EXPECT_LE(gradient_error(inside, {random_double({2, 4, 4}, 1)}), 1e-7);
}

TEST(Resize, CropsAndExtrapolates) {
  const Resize op{.output_size = {3, 3},
                  .roi = {0.4F, 0.6F, 1.2F, 1.7F},
                  .mode = "linear",
                  .coordinate_transformation_mode = "tf_crop_and_resize",
                  .extrapolation_value = 10};
  expect_values(run_one(op, {image()}), {7.6, 10, 10, 12.4, 10, 10, 10, 10, 10});
}

TEST(Resize, NearestRules) {
  const at::Tensor row = doubles({0, 1, 2, 3});
  const auto resized = [&](int64_t size, const std::string& coordinates, const std::string& rule) {
    return run_one(Resize{.output_size = {size},
                          .coordinate_transformation_mode = coordinates,
                          .nearest_mode = rule},
                   {row});
  };
  // Positions 0, 0.5, 1, ...
  expect_values(resized(8, "asymmetric", "floor"), {0, 0, 1, 1, 2, 2, 3, 3});
  expect_values(resized(8, "asymmetric", "ceil"), {0, 1, 1, 2, 2, 3, 3, 3});
  expect_values(resized(8, "asymmetric", "round_prefer_floor"), {0, 0, 1, 1, 2, 2, 3, 3});
  expect_values(resized(8, "asymmetric", "round_prefer_ceil"), {0, 1, 1, 2, 2, 3, 3, 3});
  // -0.25, 0.25, 0.75, ...
  expect_values(resized(8, "half_pixel", "ceil"), {0, 1, 1, 2, 2, 3, 3, 3});
  // 2/3, 2, 10/3
  expect_values(resized(3, "tf_half_pixel_for_nn", "floor"), {0, 2, 3});
  expect_values(resized(7, "align_corners", "floor"), {0, 0, 1, 1, 2, 2, 3});
  // Whole positions come out whole: 5 * 6 / 10.
  const at::Tensor longer = doubles({0, 1, 2, 3, 4, 5});
  expect_values(run_one(Resize{.output_size = {10},
                               .coordinate_transformation_mode = "asymmetric",
                               .nearest_mode = "floor"},
                        {longer}),
                {0, 0, 1, 1, 2, 3, 3, 4, 4, 5});
  EXPECT_TRUE(at::equal(run_one(Resize{.output_size = {2}}, {at::arange(4)}),
                        at::tensor({0, 2}, at::kLong)));
}

TEST(Resize, LinearRules) {
  const at::Tensor row = doubles({0, 1, 2, 3});
  const auto resized = [&](int64_t size, const std::string& rule) {
    return run_one(
        Resize{.output_size = {size}, .mode = "linear", .coordinate_transformation_mode = rule},
        {row});
  };
  expect_values(resized(8, "half_pixel"), {0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3});
  expect_values(resized(1, "half_pixel"), {1.5});
  expect_values(resized(1, "pytorch_half_pixel"), {0});
  expect_values(resized(1, "align_corners"), {0});
  expect_values(resized(7, "align_corners"), {0, 0.5, 1, 1.5, 2, 2.5, 3});
  // 4 * 0.6 = 2.4 pixels, of which 2 are made: the second lies 3 / 1.4 behind the first.
  const Resize aligned{.output_size = {2},
                       .scales = {0.6F},
                       .mode = "linear",
                       .coordinate_transformation_mode = "align_corners"};
  expect_values(run_one(aligned, {row}), {0, 3 / 1.4});
  // A scale that single precision rounds down to 0.69999999 makes 7 of 10 all the same.
  const Resize rounded{.output_size = {7},
                       .scales = {0.7F},
                       .coordinate_transformation_mode = "align_corners",
                       .nearest_mode = "ceil"};
  expect_values(run_one(rounded, {at::arange(10).to(at::kDouble)}), {0, 2, 3, 5, 6, 8, 9});
  // 2.4 pixels are cut to 2: what is cut off is shared by both ends.
  const Resize symmetric{.output_size = {2},
                         .scales = {0.6F},
                         .mode = "linear",
                         .coordinate_transformation_mode = "half_pixel_symmetric"};
  expect_values(run_one(symmetric, {row}), {2.0 / 3, 7.0 / 3});
  EXPECT_EQ(inferred_shape(symmetric, {{kFreeDim, 3, 4}}), Shape({kFreeDim, 3, 2}));
}

TEST(Resize, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(Resize{.output_size = {2}, .mode = "area"}, {{1, 4}}),
            "[Resize] mode 'area' is not one of nearest, linear, cubic");
  EXPECT_EQ(infer_error(Resize{.output_size = {2}, .nearest_mode = "up"}, {{1, 4}}),
            "[Resize] nearest_mode 'up' is not one of round_prefer_floor, round_prefer_ceil, "
            "floor, ceil");
  EXPECT_EQ(infer_error(Resize{.output_size = {2}, .coordinate_transformation_mode = "x"}, {{4}}),
            "[Resize] coordinate_transformation_mode 'x' is not one of half_pixel, "
            "pytorch_half_pixel, half_pixel_symmetric, tf_half_pixel_for_nn, asymmetric, "
            "align_corners, tf_crop_and_resize");
  EXPECT_EQ(infer_error(Resize{.output_size = {2, 2}}, {{4}}),
            "[Resize] output_size (2, 2) must name 1 to all of the dimensions of (4)");
  EXPECT_EQ(infer_error(Resize{.output_size = {2}, .scales = {1, 2}}, {{4}}),
            "[Resize] scales [1, 2] must be as many as output_size (2)");
  EXPECT_EQ(infer_error(Resize{.output_size = {2}, .scales = {0}}, {{4}}),
            "[Resize] scale 0 must be above 0");
  EXPECT_EQ(infer_error(Resize{.output_size = {0}}, {{4}}),
            "[Resize] cannot resize (4) to output_size (0)");
  EXPECT_EQ(infer_error(Resize{.output_size = {2},
                               .roi = {1},
                               .coordinate_transformation_mode = "tf_crop_and_resize"},
                        {{4}}),
            "[Resize] roi [1] must have a begin and an end for each of output_size (2)");
  EXPECT_EQ(run_error(Resize{.output_size = {2}, .mode = "linear"}, {at::arange(4)}),
            "[Resize] needs a float input, got int64");
}

TEST(WarpByGrid, Paddings) {
  const at::Tensor x = at::arange(6).to(at::kDouble).reshape({1, 1, 3, 2});
  const at::Tensor grid =
      doubles({-10, -10, -5, -5, -0.2, -0.2, 10, 10, 10, 10, -0.2, -0.2, 5, 5, 10, 10})
          .reshape({1, 2, 4, 2});
  expect_values(run_one(WarpByGrid{.padding_mode = "reflect"}, {x, grid}),
                {2.5, 0, 1.7, 2.5, 2.5, 1.7, 5, 2.5});
  expect_values(run_one(WarpByGrid{.padding_mode = "repeat"}, {x, grid}),
                {0, 0, 1.7, 5, 5, 1.7, 5, 5});
  expect_values(run_one(WarpByGrid{}, {x, grid}), {0, 0, 1.7, 0, 0, 1.7, 0, 0});
  expect_values(run_one(WarpByGrid{.channel_last = true}, {x.movedim(1, -1), grid}),
                {0, 0, 1.7, 0, 0, 1.7, 0, 0});
}

TEST(WarpByGrid, CornersAndModes) {
  const at::Tensor x = at::arange(6).to(at::kDouble).reshape({1, 1, 3, 2});
  const at::Tensor grid = doubles({-1, -1, 1, 1, 0, -0.4}).reshape({1, 1, 3, 2});
  expect_values(run_one(WarpByGrid{.align_corners = true}, {x, grid}), {0, 5, 1.7});
  expect_values(run_one(WarpByGrid{.mode = "nearest", .align_corners = true}, {x, grid}),
                {0, 5, 2});
  const at::Tensor volume = random_double({1, 2, 3, 3, 3}, 1);
  const at::Tensor centre = at::zeros({1, 1, 1, 1, 3}, at::kDouble);
  EXPECT_TRUE(at::allclose(run_one(WarpByGrid{}, {volume, centre}).flatten(),
                           volume.slice(2, 1, 2).slice(3, 1, 2).slice(4, 1, 2).flatten()));
}

TEST(WarpByGrid, NamesWhatIsWrong) {
  const std::vector<Shape> volumes{{1, 1, 2, 2, 2}, {1, 2, 2, 2, 3}};
  EXPECT_EQ(infer_error(WarpByGrid{.mode = "cubic"}, volumes),
            "[WarpByGrid] grid (1, 2, 2, 2, 3) does not fit an input of (1, 1, 2, 2, 2) in mode "
            "cubic");
  EXPECT_EQ(infer_error(WarpByGrid{.mode = "bilinear"}, volumes),
            "[WarpByGrid] mode 'bilinear' is not one of linear, nearest, cubic");
  EXPECT_EQ(infer_error(WarpByGrid{.padding_mode = "zeros"}, volumes),
            "[WarpByGrid] padding_mode 'zeros' is not one of zero, repeat, reflect");
  EXPECT_EQ(run_error(WarpByGrid{}, {at::ones({1, 1, 2, 2}), at::zeros({1, 2, 2, 2}, at::kDouble)}),
            "[WarpByGrid] grid float64 must be float32");
}

}  // namespace
}  // namespace octet
