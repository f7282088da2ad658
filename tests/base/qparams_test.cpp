#include "octet/base/qparams.h"

#include <gtest/gtest.h>

#include "octet/base/error.h"

namespace octet {
namespace {

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(QuantFormat, HasTheRangesOfItsType) {
  const QuantFormat int8;
  EXPECT_EQ(int8.qmin(), -128);
  EXPECT_EQ(int8.qmax(), 127);
  EXPECT_EQ(int8.steps(), 255);
  const QuantFormat int16 = full_format(DType::kInt16);
  EXPECT_EQ(int16.qmin(), -32768);
  EXPECT_EQ(int16.qmax(), 32767);
  const QuantFormat int32 = full_format(DType::kInt32);
  EXPECT_EQ(int32.qmin(), -2147483648LL);
  EXPECT_EQ(int32.qmax(), 2147483647LL);
  EXPECT_EQ(int32.steps(), 4294967295LL);
  EXPECT_EQ(full_format(DType::kUInt8), (QuantFormat{DType::kUInt8, 8, false}));
}

TEST(QuantFormat, HasTheRangesOfFewerBits) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const bool narrow : {false, true}) {
      const QuantFormat with_sign{DType::kInt8, bits, narrow};
      with_sign.validate("x");
      EXPECT_EQ(with_sign.qmax(), std::pow(2, bits - 1) - 1);
      EXPECT_EQ(with_sign.qmin(), -std::pow(2, bits - 1) + narrow);
      EXPECT_EQ(with_sign.steps(), std::pow(2, bits) - 1 - narrow);
      const QuantFormat without{DType::kUInt8, bits, narrow};
      without.validate("x");
      EXPECT_EQ(without.qmax(), std::pow(2, bits) - 1);
      EXPECT_EQ(without.qmin(), narrow ? 1 : 0);
      EXPECT_EQ(without.steps(), std::pow(2, bits) - 1 - narrow);
    }
  }
}

TEST(QuantFormat, KnowsTheLargestFloatThatFits) {
  EXPECT_EQ(QuantFormat{}.largest_float(), 127.0f);
  EXPECT_EQ(full_format(DType::kUInt8).largest_float(), 255.0f);
  EXPECT_EQ(full_format(DType::kInt16).largest_float(), 32767.0f);
  EXPECT_EQ(full_format(DType::kInt32).largest_float(), 2147483520.0f);
}

TEST(QuantFormat, RefusesWhatItsTypeCannotHold) {
  const auto check = [](DType dtype, int bits) {
    return message_of([&] { QuantFormat{dtype, bits, false}.validate("conv1/W"); });
  };
  EXPECT_EQ(check(DType::kInt8, 8), "no error");
  EXPECT_EQ(check(DType::kInt8, 9), "[conv1/W] int8 holds 2 to 8 bits, not 9");
  EXPECT_EQ(check(DType::kUInt8, 1), "[conv1/W] uint8 holds 2 to 8 bits, not 1");
  EXPECT_EQ(check(DType::kInt16, 8), "[conv1/W] int16 holds 16 bits, not 8");
  EXPECT_EQ(check(DType::kInt32, 31), "[conv1/W] int32 holds 32 bits, not 31");
  EXPECT_EQ(check(DType::kFloat32, 8),
            "[conv1/W] float32 is not one of the quantized types int8, uint8, int16, int32");
}

TEST(QuantWords, GoBothWays) {
  for (const auto mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
    EXPECT_EQ(parse_round_mode(to_string(mode)), mode);
  }
  for (const auto pow2 : {Pow2::NOTROUND, Pow2::ROUND, Pow2::CEIL, Pow2::FLOOR}) {
    EXPECT_EQ(parse_pow2(to_string(pow2)), pow2);
  }
  for (const auto ste : {Ste::CLIPPED, Ste::STRAIGHT}) EXPECT_EQ(parse_ste(to_string(ste)), ste);
  EXPECT_EQ(parse_ste("clipped"), Ste::CLIPPED);
}

TEST(QuantWords, ListTheAllowedOnes) {
  EXPECT_EQ(message_of([] { parse_round_mode("UP"); }),
            "[round_mode] 'UP' is not one of HALF_TO_EVEN, HALF_AWAY_FROM_ZERO");
  EXPECT_EQ(message_of([] { parse_pow2("maybe"); }),
            "[pow2] 'maybe' is not one of NOTROUND, ROUND, CEIL, FLOOR");
  EXPECT_EQ(message_of([] { parse_ste(""); }), "[ste] '' is not one of CLIPPED, STRAIGHT");
}

TEST(QParams, CompareByContent) {
  const QParams a{{}, {0.5f}, {0}, -1};
  QParams b = a;
  EXPECT_EQ(a, b);
  b.scale[0] = 0.25f;
  EXPECT_NE(a, b);
  EXPECT_NE(a, (QParams{{DType::kUInt8, 8, false}, {0.5f}, {0}, -1}));
}

}  // namespace
}  // namespace octet
