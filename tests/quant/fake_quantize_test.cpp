#include "octet/quant/fake_quantize.h"

#include <torch/csrc/autograd/autograd.h>

#include "octet/quant/scale.h"
#include "tests/quant/test_support.h"

namespace octet {
namespace {

constexpr QuantFormat kInt8{};
constexpr QuantFormat kUint4{DType::kUInt8, 4, false};
constexpr RoundMode kEven = RoundMode::HALF_TO_EVEN;

at::Tensor fake_quantize(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& zero_point,
                         const QuantFormat& format, Ste ste = Ste::CLIPPED) {
  const at::Tensor q = quantize_linear(x, scale, zero_point, format, kEven, ste);
  return dequantize_linear(q, scale, zero_point);
}

at::Tensor leaf(const at::Tensor& t) {
  return t.clone().requires_grad_();
}

void expect_close(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  ASSERT_EQ(a.sizes(), b.sizes());
  EXPECT_LE((a - b).abs().max().item<double>(), tolerance) << a << "\n" << b;
}

TEST(QuantizeLinear, RoundsAndSaturates) {
  const at::Tensor x = floats({-100, -0.75f, -0.25f, 0, 0.25f, 0.75f, 1.2f, 63.5f, 64, 100});
  const at::Tensor half = at::scalar_tensor(0.5);
  const at::Tensor zero = at::scalar_tensor(0);
  EXPECT_EQ(to_vector(quantize_linear(x, half, zero, kInt8, kEven, Ste::CLIPPED)),
            (std::vector<float>{-128, -2, 0, 0, 0, 2, 2, 127, 127, 127}));
  EXPECT_EQ(to_vector(quantize_linear(x, half, zero, kInt8, RoundMode::HALF_AWAY_FROM_ZERO,
                                      Ste::CLIPPED)),
            (std::vector<float>{-128, -2, -1, 0, 1, 2, 2, 127, 127, 127}));
  EXPECT_EQ(to_vector(quantize_linear(x, half, at::scalar_tensor(3), kUint4, kEven, Ste::CLIPPED)),
            (std::vector<float>{0, 1, 3, 3, 3, 5, 5, 15, 15, 15}));
  EXPECT_EQ(
      to_vector(quantize_linear(x, half, zero, {DType::kInt8, 8, true}, kEven, Ste::CLIPPED))[0],
      -127);
}

TEST(QuantizeLinear, TakesAScalePerChannel) {
  const at::Tensor x = at::ones({2, 3, 1, 2});
  const at::Tensor scale = align_to_axis(floats({1, 0.5f, 0.25f}), 1, 4);
  const at::Tensor q =
      quantize_linear(x, scale, align_to_axis(floats({0, 1, 2}), 1, 4), kInt8, kEven, Ste::CLIPPED);
  EXPECT_EQ(q.sizes(), x.sizes());
  EXPECT_EQ(to_vector(q.select(0, 1).select(2, 0)), (std::vector<float>{1, 3, 6}));
}

TEST(QuantizeLinear, EveryIntegerOfEveryWidthComesBack) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const DType dtype : {DType::kInt8, DType::kUInt8}) {
      const QuantFormat format{dtype, bits, false};
      const at::Tensor q = at::arange(format.qmin(), format.qmax() + 1, at::kFloat);
      const at::Tensor scale = at::scalar_tensor(0.0123);
      const at::Tensor zero_point = at::scalar_tensor(static_cast<double>(format.qmin() + 1));
      const at::Tensor x = dequantize_linear(q, scale, zero_point);
      EXPECT_TRUE(at::equal(quantize_linear(x, scale, zero_point, format, kEven, Ste::CLIPPED), q));
    }
  }
}

TEST(QuantizeLinear, SaturatesInt32WhereItCanBeConverted) {
  const QuantFormat int32 = full_format(DType::kInt32);
  const at::Tensor one = at::scalar_tensor(1);
  const at::Tensor zero = at::scalar_tensor(0);
  const at::Tensor q =
      quantize_linear(floats({3e9f, -3e9f, 16777216.0f}), one, zero, int32, kEven, Ste::CLIPPED);
  EXPECT_EQ(q.to(at::kInt)[0].item<int32_t>(), 2147483520);
  EXPECT_EQ(q.to(at::kInt)[1].item<int32_t>(), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(q.to(at::kInt)[2].item<int32_t>(), 16777216);
  const at::Tensor in_double =
      quantize_linear(doubles({3e9}), one, zero, int32, kEven, Ste::CLIPPED);
  EXPECT_EQ(in_double.item<double>(), 2147483647.0);
}

TEST(QuantizeLinear, KeepsFloat64AndRaisesBfloat16) {
  const at::Tensor scale = at::scalar_tensor(0.5);
  const at::Tensor zero = at::scalar_tensor(0);
  EXPECT_EQ(fake_quantize(doubles({1}), scale, zero, kInt8).scalar_type(), at::kDouble);
  const at::Tensor low = leaf(floats({1, 2}).to(at::kBFloat16));
  const at::Tensor y = fake_quantize(low, scale, zero, kInt8);
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  y.sum().backward();
  EXPECT_EQ(low.grad().scalar_type(), at::kBFloat16);
  EXPECT_EQ(dequantize_linear(at::tensor({4}, at::kChar), scale, zero).item<float>(), 2.0f);
}

TEST(QuantizeLinear, LetsNanThroughWithoutAGradient) {
  const at::Tensor x = leaf(floats({std::nanf(""), 1}));
  const at::Tensor y = fake_quantize(x, at::scalar_tensor(0.5), at::scalar_tensor(0), kInt8);
  EXPECT_TRUE(std::isnan(y[0].item<float>()));
  y.sum().backward();
  EXPECT_EQ(to_vector(x.grad()), (std::vector<float>{0, 1}));
}

TEST(Ste, ClippedStopsWhereIntegersSaturate) {
  // 63.7 rounds to 127 and is inside; 63.8 rounds to 128 and is not.
  const at::Tensor x = leaf(floats({-65, -64.2f, -1, 0.3f, 63.7f, 63.8f, 1000}));
  const at::Tensor y = fake_quantize(x, at::scalar_tensor(0.5), at::scalar_tensor(0), kInt8);
  y.backward(floats({1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(to_vector(x.grad()), (std::vector<float>{0, 2, 3, 4, 5, 0, 0}));
}

TEST(Ste, StraightPassesEverything) {
  const at::Tensor x = leaf(floats({-65, -64.2f, -1, 0.3f, 63.7f, 63.8f, 1000}));
  fake_quantize(x, at::scalar_tensor(0.5), at::scalar_tensor(0), kInt8, Ste::STRAIGHT)
      .backward(floats({1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(to_vector(x.grad()), (std::vector<float>{1, 2, 3, 4, 5, 6, 7}));
}

TEST(Ste, ZeroPointShiftsTheRange) {
  const at::Tensor x = leaf(floats({-3.6f, -3, 0, 12, 12.6f}));
  fake_quantize(x, at::scalar_tensor(1), at::scalar_tensor(3), kUint4).sum().backward();
  EXPECT_EQ(to_vector(x.grad()), (std::vector<float>{0, 1, 1, 1, 0}));
}

// Values that are nowhere near a rounding border, some of them saturated, per channel.
struct Problem {
  at::Tensor x = doubles({-9, -1.3, 0.2, 0.7, 1.9, 12, -4.1, -0.6, 0.1, 2.2, 5.3, 40}).view({2, 6});
  at::Tensor scale = doubles({0.5, 1.5}).view({2, 1});
  at::Tensor zero_point = doubles({4, 2}).view({2, 1});
  at::Tensor dy = doubles({1, -2, 3, 0.5, -1, 2, 1, 1.5, -0.5, 2, 1, -3}).view({2, 6});
  QuantFormat format = kUint4;
};

// LSQ (Esser et al. 2020, eq. 3), with the zero point of LSQ+ (Bhalgat et al. 2020, eq. 5).
TEST(FakeQuantize, HasTheGradientsOfLsq) {
  const Problem p;
  const at::Tensor x = leaf(p.x), scale = leaf(p.scale), zero_point = leaf(p.zero_point);
  fake_quantize(x, scale, zero_point, p.format).backward(p.dy);

  const at::Tensor v = p.x / p.scale;
  const at::Tensor lowest = p.format.qmin() - p.zero_point;
  const at::Tensor highest = p.format.qmax() - p.zero_point;
  const at::Tensor below = at::round(v) < lowest;
  const at::Tensor above = at::round(v) > highest;
  const at::Tensor inside = (below | above).logical_not().to(at::kDouble);
  const at::Tensor by_scale = at::where(below, lowest, at::where(above, highest, at::round(v) - v));
  expect_close(x.grad(), p.dy * inside, 0);
  expect_close(scale.grad(), (p.dy * by_scale).sum(1, true), 1e-12);
  expect_close(zero_point.grad(), (p.dy * (inside - 1) * p.scale).sum(1, true), 1e-12);
  EXPECT_GT(below.sum().item<int64_t>(), 0);
  EXPECT_GT(above.sum().item<int64_t>(), 0);
}

// Where the gradient is a true derivative: saturated values, and the dequantization.
TEST(FakeQuantize, AgreesWithFiniteDifferences) {
  const at::Tensor x = doubles({-9, 12, 40, -20});
  const at::Tensor dy = doubles({1, -2, 3, 0.5});
  const at::Tensor scale = leaf(doubles({0.5})), zero_point = leaf(doubles({4}));
  const auto loss = [&](const at::Tensor& s, const at::Tensor& z) {
    return (fake_quantize(x, s, z, kUint4) * dy).sum();
  };
  loss(scale, zero_point).backward();
  const double h = 1e-4;
  const auto slope = [&](double ds, double dz) {
    const at::NoGradGuard no_grad;
    return (loss(scale + ds, zero_point + dz) - loss(scale - ds, zero_point - dz)).item<double>() /
           (2 * h);
  };
  EXPECT_NEAR(scale.grad().item<double>(), slope(h, 0), 1e-8);
  EXPECT_NEAR(zero_point.grad().item<double>(), slope(0, h), 1e-8);
}

// Inside the range rounding hides the derivative; without it, q = clamp(x / s + z) has one.
TEST(QuantizeLinear, HasTheGradientsOfItsUnroundedSelf) {
  const Problem p;
  const at::Tensor x = leaf(p.x), scale = leaf(p.scale), zero_point = leaf(p.zero_point);
  quantize_linear(x, scale, zero_point, p.format, kEven, Ste::CLIPPED).backward(p.dy);
  const at::Tensor x2 = leaf(p.x), scale2 = leaf(p.scale), zero_point2 = leaf(p.zero_point);
  at::clamp(x2 / scale2 + zero_point2, p.format.qmin(), p.format.qmax()).backward(p.dy);
  expect_close(x.grad(), x2.grad(), 1e-12);
  expect_close(scale.grad(), scale2.grad(), 1e-12);
  expect_close(zero_point.grad(), zero_point2.grad(), 1e-12);
}

TEST(DequantizeLinear, HasTheGradientsOfItsFormula) {
  const Problem p;
  const at::Tensor q = leaf(at::round(p.x)), scale = leaf(p.scale), zero_point = leaf(p.zero_point);
  dequantize_linear(q, scale, zero_point).backward(p.dy);
  const at::Tensor q2 = leaf(at::round(p.x)), scale2 = leaf(p.scale), zero2 = leaf(p.zero_point);
  ((q2 - zero2) * scale2).backward(p.dy);
  expect_close(q.grad(), q2.grad(), 1e-12);
  expect_close(scale.grad(), scale2.grad(), 1e-12);
  expect_close(zero_point.grad(), zero2.grad(), 1e-12);
}

TEST(FakeQuantize, LearnsAScalarScaleOfStraightGradients) {
  const at::Tensor x = leaf(doubles({-200, 0.3}));
  const at::Tensor scale = leaf(at::scalar_tensor(0.5, at::kDouble));
  fake_quantize(x, scale, at::scalar_tensor(0), kInt8, Ste::STRAIGHT).sum().backward();
  // -128 of the saturated value, round(0.6) - 0.6 of the other.
  EXPECT_NEAR(scale.grad().item<double>(), -128 + 0.4, 1e-12);
  EXPECT_EQ(scale.grad().dim(), 0);
  EXPECT_EQ(to_vector(x.grad()), (std::vector<float>{1, 1}));
}

TEST(FakeQuantize, RecordsNothingWithoutGradients) {
  const at::Tensor x = floats({1, 2});
  const at::Tensor scale = at::scalar_tensor(0.5);
  EXPECT_FALSE(fake_quantize(x, scale, at::scalar_tensor(0), kInt8).requires_grad());
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(fake_quantize(leaf(x), leaf(scale), at::scalar_tensor(0), kInt8).requires_grad());
}

TEST(LearnedScale, IsThePowerOfTwo) {
  const at::Tensor log2_scale = floats({-7, -7.4f, -7.5f, -7.6f, 0, 3.2f});
  const auto scales = [&](Pow2 pow2) { return to_vector(learned_scale(log2_scale, pow2, 1)); };
  EXPECT_EQ(scales(Pow2::ROUND), (std::vector<float>{0x1p-7f, 0x1p-7f, 0x1p-8f, 0x1p-8f, 1, 8}));
  EXPECT_EQ(scales(Pow2::CEIL), (std::vector<float>{0x1p-7f, 0x1p-7f, 0x1p-7f, 0x1p-7f, 1, 16}));
  EXPECT_EQ(scales(Pow2::FLOOR), (std::vector<float>{0x1p-7f, 0x1p-8f, 0x1p-8f, 0x1p-8f, 1, 8}));
  EXPECT_EQ(scales(Pow2::NOTROUND)[0], 0x1p-7f);
  EXPECT_NEAR(scales(Pow2::NOTROUND)[5], 9.18958684f, 1e-6);
}

TEST(LearnedScale, StaysPositiveAndFinite) {
  const at::Tensor log2_scale = floats({-1000, 1000});
  for (const Pow2 pow2 : {Pow2::NOTROUND, Pow2::ROUND, Pow2::CEIL, Pow2::FLOOR}) {
    EXPECT_EQ(to_vector(learned_scale(log2_scale, pow2, 1)),
              (std::vector<float>{kTinyScale, 0x1p64f}));
  }
}

TEST(LearnedScale, PassesTheGradientThroughTheRounding) {
  for (const Pow2 pow2 : {Pow2::NOTROUND, Pow2::ROUND}) {
    const at::Tensor log2_scale = leaf(doubles({-7.4, 2.3}));
    const at::Tensor scale = learned_scale(log2_scale, pow2, 0.25);
    EXPECT_EQ(scale.scalar_type(), at::kDouble);
    scale.backward(doubles({3, -1}));
    expect_close(log2_scale.grad(), doubles({3, -1}) * scale.detach() * std::log(2.0) * 0.25,
                 1e-12);
  }
  // Without rounding it is the derivative.
  const double h = 1e-6;
  EXPECT_NEAR((std::exp2(-7.4 + h) - std::exp2(-7.4 - h)) / (2 * h),
              std::exp2(-7.4) * std::log(2.0), 1e-10);
}

TEST(LearnedScale, TakesTheFactorOfLsq) {
  EXPECT_DOUBLE_EQ(lsq_gradient_scale(1000, kInt8), 1 / std::sqrt(127000.0));
  EXPECT_DOUBLE_EQ(lsq_gradient_scale(9, kUint4), 1 / std::sqrt(135.0));
}

// A scale that is 30 times too small or large finds back to where the error is smallest.
TEST(LearnedScale, FindsItsWay) {
  const at::Tensor x = bell(2000);
  const auto learn = [&](double start) {
    at::Tensor log2_scale = leaf(at::scalar_tensor(start));
    for (int i = 0; i < 300; ++i) {
      const at::Tensor scale = learned_scale(log2_scale, Pow2::NOTROUND, 1);
      const at::Tensor y = fake_quantize(x, scale, at::scalar_tensor(0), {DType::kInt8, 4, false});
      const at::Tensor loss = (y - x).square().mean();
      const at::Tensor gradient = torch::autograd::grad({loss}, {log2_scale})[0];
      const at::NoGradGuard no_grad;
      log2_scale = leaf(log2_scale - gradient.sign() * (0.1 * std::pow(0.985, i)));
    }
    return std::exp2(log2_scale.item<double>());
  };
  // The optimal step of 4 bits for a normal distribution is 0.335 (Max 1960); qmin reaches one
  // step further than qmax here.
  EXPECT_NEAR(learn(-6.5), 0.335, 0.03);
  EXPECT_NEAR(learn(3), 0.335, 0.03);
}

}  // namespace
}  // namespace octet
