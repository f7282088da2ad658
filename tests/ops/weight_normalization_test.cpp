// WeightNormalization, WeightStandardization, SpectralNorm, NormNormalization, MeanSubtraction.
#include "octet/ops/weight_normalization.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(WeightNormalization, GivesEachRowItsLength) {
  const at::Tensor w = random_double({3, 4, 2}, 1);
  const at::Tensor g = random_double({4}, 2);
  const at::Tensor y = run_operation(WeightNormalization{.dim = 1}, {w, g})[0];
  EXPECT_TRUE(at::allclose(y.square().sum(IntList{0, 2}).sqrt(), g.abs()));
  EXPECT_LE(gradient_error(WeightNormalization{.dim = 1}, {w, g}), 1e-6);
  EXPECT_EQ(infer_error(WeightNormalization{}, {{3, 4}, {4}}),
            "[WeightNormalization] g (4) must be (3)");
}

TEST(WeightStandardization, ZeroMeanUnitVariance) {
  const at::Tensor w = random_double({3, 4, 2}, 1);
  const at::Tensor y = run_operation(WeightStandardization{.eps = 0}, {w})[0];
  EXPECT_TRUE(at::allclose(y.flatten(1).square().mean(1), at::ones({3}, at::kDouble)));
  EXPECT_LE(gradient_error(WeightStandardization{.channel_axis = 1}, {w}), 1e-6);
  EXPECT_EQ(infer_error(WeightStandardization{.channel_axis = 2}, {{3, 4}}),
            "[WeightStandardization] axis 2 is outside of a tensor of 2 dimensions");
}

TEST(SpectralNorm, DividesByTheLargestSingularValue) {
  const at::Tensor w = at::diag(at::tensor({1.0, 3.0, 2.0}));
  const at::Tensor u = at::ones({3}, at::kDouble);
  const std::vector<at::Tensor> y =
      run_operation(SpectralNorm{.itr = 60, .output_u = true}, {w, u});
  EXPECT_TRUE(at::allclose(y[0], w / 3));
  EXPECT_TRUE(at::allclose(u, at::tensor({0.0, 1.0, 0.0})));
  EXPECT_TRUE(at::equal(y[1], u));
  const at::Tensor kept = at::ones({3}, at::kDouble);
  run_operation(SpectralNorm{.test = true}, {w, kept});
  EXPECT_TRUE(at::equal(kept, at::ones({3}, at::kDouble)));
  EXPECT_EQ(infer_error(SpectralNorm{.itr = 0}, {{3, 4}, {3}}),
            "[SpectralNorm] itr 0 must be at least 1");
  EXPECT_EQ(infer_error(SpectralNorm{.dim = 1}, {{3, 4}, {3}}), "[SpectralNorm] u (3) must be (4)");
}

TEST(NormNormalization, UnitNorm) {
  const at::Tensor x = random_double({3, 4}, 1);
  EXPECT_NEAR(run_operation(NormNormalization{}, {x})[0].square().sum().item<double>(), 1, 1e-9);
  const at::Tensor y = run_operation(NormNormalization{.p = 1, .axes = {1}}, {x})[0];
  EXPECT_TRUE(at::allclose(y.abs().sum(1), at::ones({3}, at::kDouble)));
  EXPECT_LE(gradient_error(NormNormalization{.p = 3, .axes = {0}}, {x}), 1e-6);
  EXPECT_EQ(infer_error(NormNormalization{.p = 0.5F}, {{3}}),
            "[NormNormalization] p 0.5 must be at least 1");
}

TEST(MeanSubtraction, AveragesOverAllBatches) {
  const at::Tensor mean = at::zeros({2});
  const at::Tensor t = at::zeros({1});
  const at::Tensor x = at::tensor({1.0F, 2.0F, 3.0F, 6.0F}).reshape({2, 2});
  EXPECT_TRUE(
      at::allclose(run_operation(MeanSubtraction{}, {x, mean, t})[0], x - at::tensor({2.F, 4.F})));
  run_operation(MeanSubtraction{}, {at::zeros({1, 2}), mean, t});
  EXPECT_TRUE(at::equal(mean, at::tensor({1.0F, 2.0F})));
  EXPECT_EQ(t.item<float>(), 2.0F);
  const at::Tensor y = run_operation(MeanSubtraction{.update_running_mean = false}, {x, mean})[0];
  EXPECT_TRUE(at::equal(y, x - mean));
}

TEST(MeanSubtraction, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(MeanSubtraction{}, {{2, 3}, {3}}),
            "[MeanSubtraction] needs 3 inputs (x, rmean, t) to update the running mean, got 2");
  EXPECT_EQ(infer_error(MeanSubtraction{}, {{2, 3}, {2}, {1}}),
            "[MeanSubtraction] rmean (2) must be (3)");
  EXPECT_EQ(infer_error(MeanSubtraction{}, {{2, 3}, {3}, {2}}),
            "[MeanSubtraction] t (2) must be one number");
  EXPECT_EQ(infer_error(MeanSubtraction{.base_axis = 2}, {{2, 3}, {3}, {1}}),
            "[MeanSubtraction] base_axis 2 is outside of input (2, 3)");
}

}  // namespace
}  // namespace octet
