// The pooling operations, Unpooling and Interpolate.
#include "octet/ops/pooling.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor ramp(int64_t count) {
  return at::arange(1, count + 1).to(at::kFloat).reshape({1, 1, count});
}

void expect_values(const at::Tensor& y, const std::vector<float>& expected) {
  EXPECT_TRUE(at::allclose(y.flatten(), at::tensor(expected))) << y;
}

TEST(Pooling, BorderRules) {
  // Extent 5: windows at 0, 2 with the border ignored, at 0, 2, 4 without.
  expect_values(run_operation(MaxPooling{.kernel = {2}}, {ramp(5)})[0], {2, 4});
  expect_values(run_operation(MaxPooling{.kernel = {2}, .ignore_border = false}, {ramp(5)})[0],
                {2, 4, 5});
  expect_values(run_operation(SumPooling{.kernel = {2}, .ignore_border = false}, {ramp(5)})[0],
                {3, 7, 5});
  expect_values(run_operation(AveragePooling{.kernel = {2}, .ignore_border = false}, {ramp(5)})[0],
                {1.5, 3.5, 5});
}

TEST(Pooling, PaddingCountsAsAsked) {
  // Windows of 3 at -1, 1, 3, (5): the last one reaches past the padding of 1, which clips it.
  AveragePooling op{.kernel = {3}, .stride = {2}, .ignore_border = false, .pad = {1}};
  expect_values(run_operation(op, {ramp(6)})[0], {1, 3, 5, 3});
  op.including_pad = false;
  expect_values(run_operation(op, {ramp(6)})[0], {1.5, 3, 5, 6});
  op.ignore_border = true;
  expect_values(run_operation(op, {ramp(6)})[0], {1.5, 3, 5});
}

TEST(Pooling, PadBeyondHalfTheKernel) {
  expect_values(run_operation(MaxPooling{.kernel = {3}, .stride = {2}, .pad = {2}}, {-ramp(3)})[0],
                {-1, -1, -3});
  expect_values(run_operation(SumPooling{.kernel = {3}, .stride = {2}, .pad = {2}}, {ramp(3)})[0],
                {1, 6, 3});
}

TEST(Pooling, UnequalPadsCeilModeAndDilation) {
  // Windows of 3 at -1 and 1, and with ceil_mode at 3.
  MaxPooling op{.kernel = {3}, .stride = {2}, .pad = {1}, .pad_end = {0}};
  expect_values(run_operation(op, {ramp(5)})[0], {2, 4});
  op.ceil_mode = true;
  expect_values(run_operation(op, {ramp(5)})[0], {2, 4, 5});
  // A window that would begin behind the image, at 2, is none.
  expect_values(
      run_operation(MaxPooling{.kernel = {1}, .stride = {2}, .ceil_mode = true}, {ramp(2)})[0],
      {1});
  expect_values(
      run_operation(MaxPooling{.kernel = {2}, .stride = {1}, .dilation = {3}}, {-ramp(5)})[0],
      {-1, -2});
  AveragePooling average{.kernel = {3}, .stride = {2}, .pad = {0}, .pad_end = {1}};
  expect_values(run_operation(average, {ramp(4)})[0], {2, 7.0 / 3});
  average.including_pad = false;
  expect_values(run_operation(average, {ramp(4)})[0], {2, 3.5});
  average.ceil_mode = true;
  expect_values(run_operation(average, {ramp(5)})[0], {2, 4, 5});
  EXPECT_EQ(inferred_shape(op, {{-1, 3, 5}}), Shape({-1, 3, 3}));
}

// ONNX's maxpool_with_argmax_2d_precomputed_pads and _strides, and a second channel.
TEST(Pooling, IndicesOfMaxima) {
  const at::Tensor image = at::arange(1, 26).to(at::kFloat).reshape({1, 1, 5, 5});
  const at::Tensor x = at::cat({image, image}, 1);
  MaxPooling op{.kernel = {5, 5}, .stride = {1, 1}, .pad = {2, 2}, .with_index = true};
  const OutputTensors padded = run_operation(op, {x});
  EXPECT_TRUE(at::equal(padded.at(1)[0][0][0], at::tensor({12, 13, 14, 14, 14}, at::kLong)));
  EXPECT_TRUE(at::equal(padded.at(1)[0][1][4], at::tensor({47, 48, 49, 49, 49}, at::kLong)));
  op.pad_end = {2, 3};  // no longer what ATen has
  const OutputTensors uneven = run_operation(op, {x});
  EXPECT_TRUE(at::equal(uneven.at(1).narrow(3, 0, 5), padded.at(1)));
  const MaxPooling columns{.kernel = {2, 2}, .with_index = true, .column_major = true};
  EXPECT_TRUE(at::equal(run_operation(columns, {image}).at(1).flatten(),
                        at::tensor({6, 16, 8, 18}, at::kLong)));
  // A window of nothing but -inf still has its maximum in the image.
  const at::Tensor lowest = at::full({1, 1, 2}, -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(at::equal(
      run_operation(
          MaxPooling{.kernel = {2}, .stride = {1}, .pad = {1}, .pad_end = {0}, .with_index = true},
          {lowest})
          .at(1)
          .flatten(),
      at::tensor({0, 0}, at::kLong)));
}

TEST(Pooling, MaximaOfIntegers) {
  const at::Tensor x = at::tensor({-128, -3, 5, 127}, at::kChar).reshape({1, 1, 4});
  EXPECT_TRUE(at::equal(run_operation(MaxPooling{.kernel = {2}, .pad = {1}}, {x})[0].flatten(),
                        at::tensor({-128, 5, 127}, at::kChar)));
}

TEST(Pooling, AnyLeadingDimensionsAndLayout) {
  const at::Tensor x = random_double({2, 3, 5, 6}, 1);
  const MaxPooling op{.kernel = {3, 2}, .stride = {2, 2}, .pad = {1, 0}};
  const at::Tensor y = run_operation(op, {x})[0];
  EXPECT_TRUE(at::equal(run_operation(op, {x[0][0]})[0], y[0][0]));
  EXPECT_TRUE(at::equal(run_operation(op, {x.unsqueeze(0)})[0][0], y));
  MaxPooling last = op;
  last.channel_last = true;
  EXPECT_TRUE(at::equal(run_operation(last, {x.movedim(1, -1)})[0].movedim(-1, 1), y));
  const at::Tensor volume = random_double({2, 3, 4, 5, 6}, 2);
  EXPECT_TRUE(at::allclose(run_operation(SumPooling{.kernel = {4, 5, 6}}, {volume})[0].flatten(),
                           volume.sum(IntList{2, 3, 4}).flatten()));
  EXPECT_EQ(inferred_shape(op, {{-1, 3, 5, 6}}), Shape({-1, 3, 3, 3}));
}

TEST(Pooling, Gradients) {
  const at::Tensor x = random_double({2, 5, 6, 2}, 1);
  EXPECT_LE(gradient_error(
                MaxPooling{.kernel = {3, 2}, .ignore_border = false, .channel_last = true}, {x}),
            1e-7);
  EXPECT_LE(
      gradient_error(
          AveragePooling{
              .kernel = {3, 2}, .ignore_border = false, .pad = {2, 1}, .including_pad = false},
          {x}),
      1e-7);
  EXPECT_LE(gradient_error(GlobalAveragePooling{}, {x}), 1e-7);
}

TEST(Pooling, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(MaxPooling{}, {{1, 1, 4, 4}}),
            "[MaxPooling] kernel () must have 1 to 3 values");
  EXPECT_EQ(infer_error(MaxPooling{.kernel = {2, 2}, .stride = {2}}, {{1, 1, 4, 4}}),
            "[MaxPooling] stride (2) and pad (0, 0) must have as many values as kernel (2, 2)");
  EXPECT_EQ(infer_error(SumPooling{.kernel = {2, 0}}, {{1, 1, 4, 4}}),
            "[SumPooling] kernel (2, 0) and stride (2, 0) must not be below 1");
  EXPECT_EQ(infer_error(AveragePooling{.kernel = {2}, .pad = {2}}, {{1, 1, 4}}),
            "[AveragePooling] pad (2) must be from 0 to below kernel (2)");
  EXPECT_EQ(infer_error(AveragePooling{.kernel = {6}}, {{1, 1, 4}}),
            "[AveragePooling] kernel 6 does not fit into an extent of 4 padded by 0");
  EXPECT_EQ(infer_error(MaxPooling{.kernel = {2, 2}, .channel_last = true}, {{4, 4}}),
            "[MaxPooling] input (4, 4) has too few dimensions for 2 spatial ones and channels");
  EXPECT_EQ(infer_error(MaxPooling{.kernel = {2}, .pad_end = {2}}, {{1, 1, 4}}),
            "[MaxPooling] pad_end (2) must be from 0 to below kernel (2)");
  EXPECT_EQ(infer_error(MaxPooling{.kernel = {2}, .dilation = {0}}, {{1, 1, 4}}),
            "[MaxPooling] dilation (0) must not be below 1");
  EXPECT_EQ(infer_error(MaxPooling{.kernel = {2}, .dilation = {1, 1}}, {{1, 1, 4}}),
            "[MaxPooling] pad_end (0) and dilation (1, 1) must have as many values as kernel (2)");
  EXPECT_EQ(infer_error(AveragePooling{.kernel = {2}, .ignore_border = false, .ceil_mode = true},
                        {{1, 1, 4}}),
            "[AveragePooling] ceil_mode and pad_end need ignore_border");
  EXPECT_EQ(
      infer_error(MaxPooling{.kernel = {2}, .channel_last = true, .with_index = true}, {{1, 4, 1}}),
      "[MaxPooling] with_index does not go with channel_last");
  EXPECT_EQ(run_error(MaxPooling{.kernel = {2}}, {at::arange(4).reshape({1, 1, 4})}),
            "[MaxPooling] needs floats or integers of at most 32 bits, got int64");
  EXPECT_EQ(infer_error(GlobalAveragePooling{}, {{4, 4}}),
            "[GlobalAveragePooling] input (4, 4) must have at least 3 dimensions: (N, C, "
            "spatial...)");
}

TEST(Unpooling, Repeats) {
  const at::Tensor x = at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).reshape({1, 2, 2});
  expect_values(run_operation(Unpooling{.kernel = {1, 2}}, {x})[0], {1, 1, 2, 2, 3, 3, 4, 4});
  expect_values(run_operation(Unpooling{.kernel = {2}, .channel_last = true}, {x})[0],
                {1, 2, 1, 2, 3, 4, 3, 4});
  EXPECT_LE(gradient_error(Unpooling{.kernel = {3, 2}}, {random_double({2, 2, 3}, 1)}), 1e-7);
  EXPECT_EQ(infer_error(Unpooling{.kernel = {2, 0}}, {{1, 4, 4}}),
            "[Unpooling] kernel (2, 0) must not be below 1");
  EXPECT_EQ(infer_error(Unpooling{.kernel = {2, 2}}, {{4}}),
            "[Unpooling] input (4) has too few dimensions for 2 spatial ones");
}

TEST(Interpolate, Positions) {
  const at::Tensor x = at::tensor({0.0F, 10.0F, 20.0F, 30.0F}).reshape({1, 1, 4});
  Interpolate op{.output_size = {8}};
  expect_values(run_operation(op, {x})[0], {0, 5, 10, 15, 20, 25, 30, 30});
  op.half_pixel = true;
  expect_values(run_operation(op, {x})[0], {0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30});
  op.half_pixel = false;
  op.align_corners = true;
  op.output_size = {7};
  expect_values(run_operation(op, {x})[0], {0, 5, 10, 15, 20, 25, 30});
  op.output_size = {1};
  expect_values(run_operation(op, {x})[0], {0});
}

TEST(Interpolate, NearestPositions) {
  const at::Tensor x = at::tensor({0.0F, 10.0F, 20.0F, 30.0F}).reshape({1, 1, 4});
  Interpolate op{.output_size = {3}, .mode = "nearest"};
  expect_values(run_operation(op, {x})[0], {0, 10, 20});
  op.half_pixel_for_nn = true;
  expect_values(run_operation(op, {x})[0], {0, 20, 30});
  op = {.output_size = {8}, .mode = "nearest", .half_pixel = true};
  expect_values(run_operation(op, {x})[0], {0, 0, 0, 10, 10, 20, 20, 30});
}

TEST(Interpolate, AgreesWithATenInTwoAndThreeDimensions) {
  const at::Tensor x = random_double({2, 3, 4, 5}, 1);
  const IntList size{7, 3};
  const Interpolate half{.output_size = size, .half_pixel = true};
  EXPECT_TRUE(at::allclose(run_operation(half, {x})[0],
                           at::upsample_bilinear2d(x, size, /*align_corners=*/false), 1e-5, 1e-6));
  const at::Tensor volume = random_double({1, 2, 3, 4, 5}, 1);
  const IntList volume_size{5, 3, 6};
  const Interpolate aligned{.output_size = volume_size, .align_corners = true};
  EXPECT_TRUE(at::allclose(run_operation(aligned, {volume})[0],
                           at::upsample_trilinear3d(volume, volume_size, true), 1e-5, 1e-6));
  Interpolate last = half;
  last.channel_last = true;
  EXPECT_TRUE(at::equal(run_operation(last, {x.movedim(1, -1)})[0].movedim(-1, 1),
                        run_operation(half, {x})[0]));
  EXPECT_LE(gradient_error(half, {x}), 1e-7);
}

TEST(Interpolate, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(Interpolate{.output_size = {2}, .mode = "cubic"}, {{1, 1, 4}}),
            "[Interpolate] mode 'cubic' must be 'linear' or 'nearest'");
  EXPECT_EQ(infer_error(Interpolate{}, {{1, 1, 4}}),
            "[Interpolate] output_size () must have 1 to 3 values");
  EXPECT_EQ(infer_error(Interpolate{.output_size = {0}}, {{1, 1, 4}}),
            "[Interpolate] output_size (0) must not be below 1");
}

}  // namespace
}  // namespace octet
