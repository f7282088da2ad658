#include "octet/quant/scale.h"

#include <array>

#include "tests/quant/test_support.h"

namespace octet {
namespace {

constexpr QuantFormat kInt8{};
constexpr QuantFormat kNarrow{DType::kInt8, 8, true};
constexpr QuantFormat kUint8{DType::kUInt8, 8, false};

struct Chosen {
  float scale;
  float zero_point;
  bool operator==(const Chosen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Chosen& chosen) {
  return out << fmt::format("{} {}", chosen.scale, chosen.zero_point);
}

Chosen choose(float minimum, float maximum, const QuantFormat& format, bool symmetric,
              Pow2 pow2 = Pow2::NOTROUND) {
  const ScaleZeroPoint result = choose_scale(
      {at::scalar_tensor(minimum), at::scalar_tensor(maximum)}, format, symmetric, pow2, "x");
  EXPECT_EQ(result.scale.scalar_type(), at::kFloat);
  EXPECT_EQ(result.scale.dim(), 0);
  return {result.scale.item<float>(), result.zero_point.item<float>()};
}

TEST(ChooseScale, SymmetricCoversBothSigns) {
  EXPECT_EQ(choose(-1, 2, kInt8, true), (Chosen{4.0f / 255, 0}));
  EXPECT_EQ(choose(-3, 2, kInt8, true), (Chosen{6.0f / 255, 0}));
  EXPECT_EQ(choose(0, 2, kInt8, true), (Chosen{4.0f / 255, 0}));
  EXPECT_EQ(choose(-3, -2, kInt8, true), (Chosen{6.0f / 255, 0}));
  EXPECT_EQ(choose(-1, 2, kNarrow, true), (Chosen{4.0f / 254, 0}));
  EXPECT_EQ(choose(-1, 2, full_format(DType::kInt16), true), (Chosen{4.0f / 65535, 0}));
  EXPECT_EQ(choose(-1e6f, 2, full_format(DType::kInt32), true), (Chosen{2e6f / 4294967296.0f, 0}));
}

// Activations of the reference network with AbsMax, narrow range and none.
TEST(ChooseScale, RepeatsTheFiguresOfNNabla) {
  EXPECT_EQ(choose(-4.151923656463623f, 4.151923656463623f, kInt8, true).scale,
            0.032564107328653336f);
  EXPECT_EQ(choose(0, 6.6379218101501465f, kInt8, true).scale, 0.052062131464481354f);
  EXPECT_EQ(choose(0, 2.107017993927002f, kInt8, true).scale, 0.0165256317704916f);
  EXPECT_EQ(choose(0, 0.24162590503692627f, kNarrow, true).scale, 0.0019025661749765277f);
  EXPECT_EQ(choose(0, 4.151923656463623f, kInt8, true, Pow2::ROUND).scale, 0.03125f);
  EXPECT_EQ(choose(0, 6.6379218101501465f, kInt8, true, Pow2::ROUND).scale, 0.0625f);
}

TEST(ChooseScale, AsymmetricKeepsZeroExact) {
  EXPECT_EQ(choose(-1, 2, kUint8, false), (Chosen{3.0f / 255, 85}));
  EXPECT_EQ(choose(0, 2, kUint8, false), (Chosen{2.0f / 255, 0}));
  EXPECT_EQ(choose(1, 2, kUint8, false), (Chosen{2.0f / 255, 0}));
  EXPECT_EQ(choose(-2, -1, kUint8, false), (Chosen{2.0f / 255, 255}));
  EXPECT_EQ(choose(-1, 2, kInt8, false), (Chosen{3.0f / 255, -43}));
  EXPECT_EQ(choose(0, 2, kInt8, false), (Chosen{2.0f / 255, -128}));
  EXPECT_EQ(choose(0, 2, kNarrow, false), (Chosen{2.0f / 254, -127}));
  EXPECT_EQ(choose(-2, 0, kInt8, false), (Chosen{2.0f / 255, 127}));
  EXPECT_EQ(choose(0, 2, {DType::kUInt8, 8, true}, false), (Chosen{2.0f / 254, 1}));
  // Every integer of int32, but none that would overflow when it is converted from float32.
  EXPECT_EQ(choose(-2e9f, 0, full_format(DType::kInt32), false).zero_point, 2147483520.0f);
}

TEST(ChooseScale, PlacesTheZeroPointAfterRoundingTheScale) {
  // 3 / 255 -> 2^-6; 1 / 2^-6 = 64.
  EXPECT_EQ(choose(-1, 2, kUint8, false, Pow2::CEIL), (Chosen{0x1p-6f, 64}));
  EXPECT_EQ(choose(-1, 2, kUint8, false, Pow2::FLOOR), (Chosen{0x1p-7f, 128}));
}

TEST(ChooseScale, CoversEveryWidth) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const bool narrow : {false, true}) {
      const QuantFormat with_sign{DType::kInt8, bits, narrow};
      const QuantFormat without{DType::kUInt8, bits, narrow};
      const float steps = std::exp2f(bits) - 1 - narrow;
      EXPECT_EQ(choose(-0.7f, 0.3f, with_sign, true), (Chosen{2 * 0.7f / steps, 0}));
      const auto offset = [&](const QuantFormat& format) {
        return std::nearbyint(format.qmin() + 0.7f / (1.0f / steps));
      };
      EXPECT_EQ(choose(-0.7f, 0.3f, with_sign, false), (Chosen{1.0f / steps, offset(with_sign)}));
      EXPECT_EQ(choose(-0.7f, 0.3f, without, false), (Chosen{1.0f / steps, offset(without)}));
    }
    EXPECT_EQ(choose(0, 0.7f, {DType::kUInt8, bits, false}, true),
              (Chosen{0.7f / (std::exp2f(bits) - 1), 0}));
  }
}

TEST(ChooseScale, RoundsToPowersOfTwoExactly) {
  const auto scale = [](float value, Pow2 pow2) {
    // int16 has 65535 steps, and uint8 of 2 bits 3: a range of 3 * value asks for the scale
    // `value`.
    return choose(0, 3 * value, {DType::kUInt8, 2, false}, true, pow2).scale;
  };
  struct Row {
    float scale, round, ceil, floor;
  };
  // The middle between 1 and 2 is sqrt(2) = 1.41421356...
  constexpr std::array kRows{Row{1.0f, 1, 1, 1},     Row{1.25f, 1, 2, 1},
                             Row{1.5f, 2, 2, 1},     Row{0.5f, 0.5f, 0.5f, 0.5f},
                             Row{0.75f, 1, 1, 0.5f}, Row{0x1p-20f, 0x1p-20f, 0x1p-20f, 0x1p-20f}};
  for (const Row& row : kRows) {
    EXPECT_EQ(scale(row.scale, Pow2::NOTROUND), row.scale);
    EXPECT_EQ(scale(row.scale, Pow2::ROUND), row.round);
    EXPECT_EQ(scale(row.scale, Pow2::CEIL), row.ceil);
    EXPECT_EQ(scale(row.scale, Pow2::FLOOR), row.floor);
  }
  // 1.4142135 is below sqrt(2), the next float above.
  const QuantFormat int8;
  EXPECT_EQ(choose(0, 127.5f * 1.4142135f, int8, true, Pow2::ROUND).scale, 1);
  EXPECT_EQ(choose(0, 127.5f * 1.4142137f, int8, true, Pow2::ROUND).scale, 2);
}

TEST(ChooseScale, GivesEachChannelItsOwn) {
  const ScaleZeroPoint result =
      choose_scale({floats({-1, 0, -8}), floats({2, 4, 1})}, kInt8, true, Pow2::NOTROUND, "x");
  EXPECT_EQ(to_vector(result.scale), (std::vector<float>{4.0f / 255, 8.0f / 255, 16.0f / 255}));
  EXPECT_EQ(to_vector(result.zero_point), (std::vector<float>{0, 0, 0}));
}

TEST(ChooseScale, KeepsTheShapeOfTheRange) {
  const at::Tensor ones = at::ones({1, 1, 1, 1});
  const ScaleZeroPoint result = choose_scale({-ones, ones}, kInt8, true, Pow2::NOTROUND, "x");
  EXPECT_EQ(result.scale.sizes(), ones.sizes());
  EXPECT_EQ(result.zero_point.sizes(), ones.sizes());
}

TEST(ChooseScale, IsNeverTooSmallAndSaysSo) {
  const LogCapture log;
  EXPECT_EQ(choose(0, 1e-6f, kInt8, true), (Chosen{kTinyScale, 0}));
  EXPECT_EQ(log.text(),
            "warning: [x] 1 of 1 ranges are zero or nearly so; a substitute stands in for their "
            "scale\n");
  EXPECT_EQ(choose(0, 1e-6f, kInt8, false), (Chosen{kTinyScale, -128}));
  EXPECT_EQ(choose(-1e-6f, 0, kInt8, true, Pow2::FLOOR), (Chosen{kTinyScale, 0}));
}

// Every value becomes 0, whatever the scale; it is that of a usual range, so that a bias in units
// of this scale times another keeps its room.
TEST(ChooseScale, OfNothingButZerosIsThatOfAUsualRange) {
  const LogCapture log;
  EXPECT_EQ(choose(0, 0, kInt8, true), (Chosen{2.0f / 255, 0}));
  EXPECT_EQ(log.text(),
            "warning: [x] 1 of 1 ranges are zero or nearly so; a substitute stands in for their "
            "scale\n");
  EXPECT_EQ(choose(0, 0, kInt8, false), (Chosen{1.0f / 255, -128}));
  EXPECT_EQ(choose(0, 0, kUint8, false, Pow2::FLOOR), (Chosen{0x1p-8f, 0}));
  EXPECT_EQ(choose(-1, 0, kUint8, true), (Chosen{1.0f / 255, 0}));
  EXPECT_EQ(choose(-1e-40f, 1e-42f, kInt8, true), (Chosen{2.0f / 255, 0}));
  EXPECT_EQ(choose(-1e-30f, 1e-32f, kInt8, true, Pow2::CEIL), (Chosen{0x1p-6f, 0}));
  EXPECT_EQ(choose(0, 0, full_format(DType::kInt32), true), (Chosen{kTinyScale, 0}));
}

TEST(ChooseScale, AChannelOfZerosGetsTheMedianOfTheOthers) {
  const LogCapture log;
  const at::Tensor maxima = floats({8, 0, 2, 0, 4});
  const auto scales = [&](bool symmetric) {
    return to_vector(
        choose_scale({at::zeros(5), maxima}, kInt8, symmetric, Pow2::NOTROUND, "x").scale);
  };
  EXPECT_EQ(scales(true),
            (std::vector<float>{16.0f / 255, 8.0f / 255, 4.0f / 255, 8.0f / 255, 8.0f / 255}));
  EXPECT_EQ(scales(false),
            (std::vector<float>{8.0f / 255, 4.0f / 255, 2.0f / 255, 4.0f / 255, 4.0f / 255}));
}

TEST(ChooseScale, ManyWarningsAreOneLineOfEachKind) {
  const LogCapture log;
  ScaleWarnings warnings;
  const auto chosen = [&](float minimum, float maximum, const char* name) {
    choose_scale({floats({minimum}), floats({maximum})}, kUint8, true, Pow2::NOTROUND, name,
                 &warnings);
  };
  chosen(0, 2, "a");
  chosen(0, 0, "b");
  warnings.report("net");
  EXPECT_EQ(log.text(),
            "warning: [b] 1 of 1 ranges are zero or nearly so; a substitute stands in for their "
            "scale\n");
  for (const char* name : {"c", "d", "e"}) chosen(-1, 0, name);
  warnings.report("net");
  EXPECT_EQ(log.text().substr(log.text().find('\n') + 1),
            "warning: [net] 4 of 5 values have ranges that are zero or nearly so, the first is b; "
            "a substitute stands in for their scale\n"
            "warning: [net] 3 of 5 values have ranges that hold negative values, the first is c, "
            "which uint8 with zero point 0 makes 0\n");
}

TEST(ChooseScale, DoesNotWasteABitOfUint8) {
  const LogCapture log;
  EXPECT_EQ(choose(0, 2, kUint8, true), (Chosen{2.0f / 255, 0}));
  EXPECT_EQ(log.text(), "");
  EXPECT_EQ(choose(-1, 2, kUint8, true), (Chosen{2.0f / 255, 0}));
  EXPECT_EQ(log.text(),
            "warning: [x] 1 of 1 ranges hold negative values, which uint8 with zero point 0 makes "
            "0\n");
}

TEST(ChooseScale, RefusesWhatHasNoScale) {
  const auto check = [](float minimum, float maximum, const QuantFormat& format) {
    return message_of([&] {
      choose_scale({floats({minimum}), floats({maximum})}, format, true, Pow2::NOTROUND, "conv1/W");
    });
  };
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(check(-1, infinity, kInt8), "[conv1/W] the range [-1, inf] is not finite");
  EXPECT_EQ(check(std::nanf(""), 1, kInt8), "[conv1/W] the range [nan, 1] is not finite");
  EXPECT_EQ(check(-3e38f, 3e38f, kInt8),
            "[conv1/W] the range [-3e+38, 3e+38] is too wide for a float32 scale");
  EXPECT_EQ(check(0, 1, {DType::kUInt8, 8, true}),
            "[conv1/W] narrow_range leaves 0 out of uint8, and a symmetric scale needs it");
  EXPECT_EQ(check(0, 1, {DType::kInt8, 1, false}), "[conv1/W] int8 holds 2 to 8 bits, not 1");
}

TEST(BiasScale, IsTheProductInFloat32) {
  const at::Tensor scale_w = floats({0.0030441819690167904f, 0.5f});
  const at::Tensor scale = bias_scale(at::full({1, 1, 1, 1}, 0.032564107328653336), scale_w);
  EXPECT_EQ(to_vector(scale), (std::vector<float>{9.913106623571366e-05f, 0.016282053664326668f}));
}

TEST(UnionOf, CoversAll) {
  const std::array ranges{Range{floats({-1, 0}), floats({1, 5})},
                          Range{floats({0, -2}), floats({3, 1})},
                          Range{floats({0, 0}), floats({0, 0})}};
  const Range range = union_of(ranges);
  EXPECT_EQ(to_vector(range.minimum), (std::vector<float>{-1, -2}));
  EXPECT_EQ(to_vector(range.maximum), (std::vector<float>{3, 5}));
  EXPECT_THROW(union_of({}), InternalError);
}

TEST(AlignToAxis, MakesShapesThatBroadcast) {
  EXPECT_EQ(align_to_axis(floats({1, 2, 3}), 1, 4).sizes(), at::IntArrayRef({1, 3, 1, 1}));
  EXPECT_EQ(align_to_axis(floats({1, 2, 3}), 0, 1).sizes(), at::IntArrayRef({3}));
  EXPECT_EQ(align_to_axis(floats({1}), -1, 3).sizes(), at::IntArrayRef({1, 1, 1}));
  EXPECT_EQ(align_to_axis(at::scalar_tensor(1), -1, 0).sizes(), at::IntArrayRef({}));
  EXPECT_THROW(align_to_axis(floats({1, 2, 3}), -1, 2), InternalError);
}

}  // namespace
}  // namespace octet
