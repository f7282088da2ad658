// Moves in every layout against plain loops.

#include "octet/kernels/moves.h"

#include <gtest/gtest.h>

#include <random>

namespace octet::kernels {
namespace {

class Moves : public testing::TestWithParam<Layout> {};

// 24 pixels of 4 become 7 of them, some twice and one new.
TEST_P(Moves, PixelsAndTheirGradients) {
  const Shape shape{2, 32, 4, 6};
  const PixelMap map{.in_pixels = 24, .source = {23, 0, 0, kNoPixel, 5, 23, 11}};
  const int64_t lanes = lanes_of(GetParam(), shape[1]), planes = shape[0] * shape[1] / lanes;
  const auto pixels = static_cast<int64_t>(map.source.size());
  std::mt19937 random(1);
  std::vector<uint8_t> x(shape.num_elements()), y(planes * pixels * lanes);
  std::vector<float> floats(x.size()), moved(y.size()), dy(y.size()), dx(x.size());
  std::vector<float> expected(x.size(), 0);
  for (uint8_t& value : x) value = static_cast<uint8_t>(random());
  for (size_t i = 0; i < x.size(); ++i) floats[i] = static_cast<float>(x[i]) + 0.5F;
  for (float& value : dy) value = static_cast<float>(random() % 100);
  const uint8_t fill = 200;
  const float float_fill = 200.5F;
  move_pixels(x.data(), shape, GetParam(), 1, map, &fill, y.data());
  move_pixels(floats.data(), shape, GetParam(), 4, map, &float_fill, moved.data());
  move_pixels_backward(dy.data(), shape, GetParam(), map, dx.data());
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const int64_t to = (plane * pixels + pixel) * lanes + lane;
        const int64_t from = (plane * 24 + map.source[pixel]) * lanes + lane;
        const bool is_new = map.source[pixel] == kNoPixel;
        ASSERT_EQ(y[to], is_new ? fill : x[from]);
        ASSERT_EQ(moved[to], is_new ? float_fill : floats[from]);
        if (!is_new) expected[from] += dy[to];
      }
    }
  }
  EXPECT_EQ(dx, expected);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Moves,
                         testing::Values(Layout::kPlain, Layout::kChannelsLast, Layout::kBlocked8,
                                         Layout::kBlocked16));

TEST(CopyPieces, FromPartsToWholesAndBack) {
  std::vector<uint8_t> whole(3 * 100000, 7), part(3 * 40000);
  for (size_t i = 0; i < part.size(); ++i) part[i] = static_cast<uint8_t>(i % 251);
  const Pieces pieces{.count = 3, .bytes = 40000, .from_stride = 40000, .to_stride = 100000};
  copy_pieces(part.data(), pieces, whole.data() + 500);
  for (int64_t i = 0; i < 300000; ++i) {
    const int64_t piece = i / 100000, at = i % 100000 - 500;
    ASSERT_EQ(whole[i], at >= 0 && at < 40000 ? part[piece * 40000 + at] : 7) << i;
  }
  std::vector<uint8_t> back(part.size());
  copy_pieces(whole.data() + 500,
              {.count = 3, .bytes = 40000, .from_stride = 100000, .to_stride = 40000}, back.data());
  EXPECT_EQ(back, part);
}

}  // namespace
}  // namespace octet::kernels
