// Cast, BitShift and DynamicQuantizeLinear.
#include "octet/ops/cast.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Cast, BetweenKindsOfNumbers) {
  const at::Tensor x = doubles({-2.9, -0.5, 0, 0.5, 2.9});
  EXPECT_TRUE(
      at::equal(run_one(Cast{.dtype = "int32"}, {x}), at::tensor({-2, 0, 0, 0, 2}, at::kInt)));
  EXPECT_TRUE(
      at::equal(run_one(Cast{.dtype = "bool"}, {x}), at::tensor({1, 1, 0, 1, 1}).to(at::kBool)));
  EXPECT_TRUE(at::equal(run_one(Cast{.dtype = "uint8"}, {at::tensor({257, 3}, at::kInt)}),
                        at::tensor({1, 3}, at::kByte)));
  EXPECT_TRUE(
      at::equal(run_one(Cast{}, {at::tensor({1, 0}).to(at::kBool)}), at::tensor({1.0F, 0.0F})));
}

TEST(Cast, PassesTheGradientBetweenFloats) {
  const at::Tensor gradient = input_gradients(Cast{.dtype = "float64"}, {at::ones({2})})[0];
  EXPECT_TRUE(at::equal(gradient, at::ones({2})));
}

TEST(Cast, NamesAnUnknownType) {
  EXPECT_EQ(infer_error(Cast{.dtype = "half"}, {{2}}),
            "[dtype] 'half' is not one of float32, float64, int8, uint8, int16, int32, int64, "
            "bool");
}

TEST(BitShift, MovesBits) {
  const at::Tensor x = at::tensor({16, 4, 129, 255}, at::kByte);
  const at::Tensor places = at::tensor({1, 2, 1, 8}, at::kByte);
  EXPECT_TRUE(at::equal(run_one(BitShift{}, {x, places}), at::tensor({32, 16, 2, 0}, at::kByte)));
  EXPECT_TRUE(at::equal(run_one(BitShift{.direction = "RIGHT"}, {x, places}),
                        at::tensor({8, 1, 64, 0}, at::kByte)));
}

// The bits of an unsigned number that lies in a larger signed one.
TEST(BitShift, OfMoreBits) {
  const auto shifted = [](int64_t bits, const std::string& direction, int64_t x, int64_t places) {
    const at::ScalarType type = bits == 16 ? at::kInt : at::kLong;
    return run_one(BitShift{.direction = direction, .bits = bits},
                   {at::tensor({x}, type), at::tensor({places}, type)})
        .item<int64_t>();
  };
  EXPECT_EQ(shifted(16, "LEFT", 0x8001, 1), 2);
  EXPECT_EQ(shifted(16, "LEFT", 1, 15), 0x8000);
  EXPECT_EQ(shifted(16, "RIGHT", 0x8000, 15), 1);
  EXPECT_EQ(shifted(16, "LEFT", 1, 16), 0);
  EXPECT_EQ(shifted(32, "LEFT", 0xC0000001, 1), 0x80000002);
  EXPECT_EQ(shifted(32, "RIGHT", 0x80000000, 31), 1);
  EXPECT_EQ(shifted(32, "LEFT", 5, 0), 5);
  constexpr int64_t kHighest = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(shifted(64, "LEFT", 1, 63), kHighest);
  EXPECT_EQ(shifted(64, "RIGHT", kHighest, 63), 1);
  EXPECT_EQ(shifted(64, "RIGHT", -1, 1), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(shifted(64, "RIGHT", -1, 0), -1);
  EXPECT_EQ(shifted(64, "RIGHT", -1, 64), 0);
  EXPECT_EQ(shifted(64, "LEFT", -1, 64), 0);
}

TEST(BitShift, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(BitShift{}, {{2}, {2}}),
            "[BitShift] of 8 bits needs uint8 inputs, got float32");
  EXPECT_EQ(infer_error(BitShift{.bits = 32}, {{2}, {2}}),
            "[BitShift] of 32 bits needs int64 inputs, got float32");
  EXPECT_EQ(infer_error(BitShift{.bits = 24}, {{2}, {2}}),
            "[BitShift] bits 24 must be 8, 16, 32 or 64");
  EXPECT_EQ(infer_error(BitShift{.direction = "UP"}, {{2}, {2}}),
            "[BitShift] direction 'UP' must be LEFT or RIGHT");
}

// The numbers of ONNX's own three cases.
TEST(DynamicQuantizeLinear, CoversTheRangeAndZero) {
  const auto expect = [](const std::vector<float>& x, const std::vector<int64_t>& q, float scale,
                         int zero_point) {
    const OutputTensors y = run_operation(DynamicQuantizeLinear{}, {at::tensor(x)});
    EXPECT_TRUE(at::equal(y.at(0), at::tensor(q, at::kByte))) << y.at(0);
    EXPECT_EQ(y.at(1).item<float>(), scale);
    EXPECT_EQ(y.at(2).item<int>(), zero_point);
  };
  expect({0, 2, -3, -2.5F, 1.34F, 0.5F}, {153, 255, 0, 26, 221, 179}, 0.019607844F, 153);
  expect({-1, -2.1F, -1.3F, -2.5F, -3.34F, -4}, {191, 121, 172, 96, 42, 0}, 0.015686275F, 255);
  expect({0, 0}, {0, 0}, 1, 0);
}

TEST(DynamicQuantizeLinear, NamesWhatIsWrong) {
  EXPECT_EQ(run_error(DynamicQuantizeLinear{}, {doubles({1})}),
            "[DynamicQuantizeLinear] needs a float32 input, got float64");
  EXPECT_EQ(infer_error(DynamicQuantizeLinear{}, {{2, 0}}),
            "[DynamicQuantizeLinear] (2, 0) has no range");
}

}  // namespace
}  // namespace octet
