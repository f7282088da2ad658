// The integers of weights against their formula, element by element, on each instruction set of the
// machine.

#include "octet/kernels/quantize_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class QuantizeWeights : public OnEverySimdTarget {};

TEST_P(QuantizeWeights, WeightsPerChannel) {
  constexpr int64_t kOuter = 3, kChannels = 5, kInner = 11;
  const std::vector<float> w = normal(11, kOuter * kChannels * kInner);
  const std::vector<float> dq = normal(12, kOuter * kChannels * kInner);
  const std::vector<float> scale{0.1F, 0.5F, 1, 2, 3}, zero{0, 1, -1, 5, 0};
  for (const Ste ste : {Ste::CLIPPED, Ste::STRAIGHT}) {
    const WeightQuantization quantization{.outer = kOuter,
                                          .channels = kChannels,
                                          .inner = kInner,
                                          .scale = scale,
                                          .zero_point = zero,
                                          .ste = ste};
    std::vector<float> q(w.size()), dw(w.size());
    ASSERT_TRUE(quantize_weights(quantization, w.data(), q.data()));
    quantize_weights_backward(quantization, w.data(), dq.data(), dw.data());
    for (size_t i = 0; i < w.size(); ++i) {
      const size_t channel = i / kInner % kChannels;
      const float v = std::nearbyint(w[i] / scale[channel]) + zero[channel];
      const float clamped = std::clamp(v, -128.0F, 127.0F);
      ASSERT_EQ(q[i], clamped);
      const bool passes = ste == Ste::STRAIGHT || v == clamped;
      ASSERT_EQ(dw[i], passes ? dq[i] / scale[channel] : 0.0F);
    }
  }
}

TEST_P(QuantizeWeights, ReportsWhatIsNotFiniteWhereverItIs) {
  for (const int64_t at : {int64_t{0}, int64_t{20'000}, kCount - 1}) {
    std::vector<float> w = normal(4);
    w[at] = at == 0 ? std::numeric_limits<float>::quiet_NaN() : -INFINITY;
    std::vector<float> integers(kCount);
    const std::vector<float> scale{1}, zero{0};
    EXPECT_FALSE(quantize_weights({.inner = kCount, .scale = scale, .zero_point = zero}, w.data(),
                                  integers.data()));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, QuantizeWeights, testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
