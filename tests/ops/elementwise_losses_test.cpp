#include "octet/ops/elementwise_losses.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/sink.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(ElementwiseLosses, OfDifferences) {
  const at::Tensor x0 = doubles({1, 2, -4});
  const at::Tensor x1 = doubles({1.5, 2, 0});
  EXPECT_TRUE(at::equal(run_one(SquaredError{}, {x0, x1}), doubles({0.25, 0, 16})));
  EXPECT_TRUE(at::equal(run_one(AbsoluteError{}, {x0, x1}), doubles({0.5, 0, 4})));
  EXPECT_TRUE(at::equal(run_one(HuberLoss{.delta = 1}, {x0, x1}), doubles({0.25, 0, 7})));
  EXPECT_TRUE(at::equal(run_one(HuberLoss{.delta = 2}, {x0, x1}), doubles({0.25, 0, 12})));
  EXPECT_TRUE(
      at::equal(run_one(EpsilonInsensitiveLoss{.epsilon = 0.5F}, {x0, x1}), doubles({0, 0, 3.5})));
  EXPECT_TRUE(at::equal(run_one(AbsoluteError{}, {x0, doubles({1})}), doubles({0, 1, 5})));
}

TEST(ElementwiseLosses, GradientsMeetAtTheHuberThreshold) {
  EXPECT_TRUE(
      at::equal(input_gradients(HuberLoss{}, {doubles({0.999, 1, -3}), doubles({0, 0, 0})})[0],
                doubles({1.998, 2, -2})));
}

TEST(ElementwiseLosses, SigmoidCrossEntropyIsExactEverywhere) {
  const at::Tensor x = doubles({0, 800, -800, 1});
  const at::Tensor target = doubles({1, 0, 0, 1});
  const at::Tensor y = run_one(SigmoidCrossEntropy{}, {x, target});
  EXPECT_TRUE(at::allclose(y, doubles({std::log(2.0), 800, 0, std::log1p(std::exp(-1.0))})));
  // At 0, where max(x, 0) and |x| have kinks, the loss has none.
  EXPECT_NEAR(input_gradients(SigmoidCrossEntropy{}, {x, target})[0][0].item<double>(), -0.5,
              1e-15);
}

TEST(ElementwiseLosses, BinaryCrossEntropyStaysFinite) {
  const at::Tensor x = doubles({0.25, 0, 1});
  EXPECT_NEAR(run_one(BinaryCrossEntropy{}, {x, doubles({1, 0, 1})})[0].item<double>(),
              std::log(4.0), 1e-15);
  EXPECT_TRUE(run_one(BinaryCrossEntropy{}, {x.to(at::kFloat), at::tensor({1.0F, 1.0F, 0.0F})})
                  .isfinite()
                  .all()
                  .item<bool>());
}

TEST(ElementwiseLosses, KLMultinomialSumsOverASample) {
  const at::Tensor p = doubles({0.5, 0.5, 1, 0}).reshape({2, 2});
  const at::Tensor q = doubles({0.25, 0.75, 1, 0}).reshape({2, 2});
  const at::Tensor y = run_one(KLMultinomial{}, {p, q});
  EXPECT_EQ(y.sizes(), at::IntArrayRef({2, 1}));
  EXPECT_NEAR(y[0].item<double>(), 0.5 * std::log(2.0) + 0.5 * std::log(2.0 / 3), 1e-7);
  EXPECT_EQ(y[1].item<double>(), 0);
  EXPECT_EQ(run_one(KLMultinomial{.base_axis = 0}, {p, q}).sizes(), at::IntArrayRef({1}));
}

TEST(ElementwiseLosses, NameWhatIsWrong) {
  EXPECT_EQ(infer_error(SquaredError{}, {{2}, {3}}),
            "[SquaredError] shapes (2) and (3) do not broadcast");
  EXPECT_EQ(infer_error(HuberLoss{.delta = 0}, {{2}, {2}}), "[HuberLoss] delta 0 must be above 0");
  EXPECT_EQ(infer_error(EpsilonInsensitiveLoss{.epsilon = -1}, {{2}, {2}}),
            "[EpsilonInsensitiveLoss] epsilon -1 must not be negative");
  EXPECT_EQ(infer_error(SigmoidCrossEntropy{}, {{2}, {1}}),
            "[SigmoidCrossEntropy] inputs (2) and (1) must have the same shape");
  EXPECT_EQ(infer_error(KLMultinomial{.base_axis = 1}, {{2}, {2}}),
            "[KLMultinomial] axis 1 is outside of a tensor of 1 dimensions");
}

TEST(Sink, HandsOnesToAllInputs) {
  const at::Tensor a = doubles({1, 2});
  const at::Tensor b = doubles({3}).reshape({1, 1});
  EXPECT_EQ(run_one(Sink{}, {a, b}).item<float>(), 6);
  const auto gradients = input_gradients(Sink{}, {a, b});
  EXPECT_TRUE(at::equal(gradients[0], at::ones_like(a)));
  EXPECT_TRUE(at::equal(gradients[1], at::ones_like(b)));
  EXPECT_FALSE(
      run_one(Sink{.one_input_grad = false}, {a.clone().requires_grad_()}).requires_grad());
}

TEST(Unlink, CutsTheGradient) {
  const at::Tensor x = doubles({1, 2}).requires_grad_();
  const at::Tensor y = run_one(Unlink{}, {x});
  EXPECT_TRUE(at::equal(y, x));
  EXPECT_FALSE(y.requires_grad());
}

}  // namespace
}  // namespace octet
