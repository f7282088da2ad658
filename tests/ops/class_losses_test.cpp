#include "octet/ops/class_losses.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/metrics.h"
#include "octet/ops/negative_log_likelihood.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor labels(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong).unsqueeze(1);
}

TEST(SoftmaxCrossEntropy, OfKnownProbabilities) {
  const at::Tensor x = doubles({0, std::log(3.0), 5, 5}).reshape({2, 2});
  const at::Tensor y = run_one(SoftmaxCrossEntropy{.axis = 1}, {x, labels({1, 0})});
  EXPECT_TRUE(at::allclose(y, doubles({-std::log(0.75), std::log(2.0)}).unsqueeze(1)));
  const at::Tensor dx = input_gradients(SoftmaxCrossEntropy{.axis = 1}, {x, labels({1, 0})})[0];
  EXPECT_TRUE(at::allclose(dx, doubles({0.25, -0.25, -0.5, 0.5}).reshape({2, 2})));
}

TEST(SoftmaxCrossEntropy, LabelsMayBeFloatsAndTheAxisAnyOne) {
  const at::Tensor x = at::arange(12).to(at::kDouble).cos().reshape({2, 3, 2});
  const at::Tensor target = doubles({0, 2, 1, 1}).reshape({2, 1, 2});
  const at::Tensor y = run_one(SoftmaxCrossEntropy{.axis = 1}, {x, target});
  EXPECT_TRUE(at::equal(y, run_one(SoftmaxCrossEntropy{.axis = -2}, {x, target.to(at::kLong)})));
  EXPECT_TRUE(at::allclose(y[1][0][0], -at::log_softmax(x, 1)[1][1][0]));
}

TEST(SoftmaxCrossEntropy, LargeScoresDoNotOverflow) {
  const at::Tensor x = at::tensor({1000.0F, -1000.0F}).reshape({1, 2});
  EXPECT_EQ(run_one(SoftmaxCrossEntropy{}, {x, labels({1})}).item<float>(), 2000.0F);
}

TEST(SoftmaxCrossEntropy, NoClassMeansNoLoss) {
  const at::Tensor x = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_EQ(run_one(SoftmaxCrossEntropy{}, {x, labels({-1, 0})})[0].item<double>(), 0);
  const at::Tensor dx = input_gradients(SoftmaxCrossEntropy{}, {x, labels({-1, 0})})[0];
  EXPECT_TRUE(at::equal(dx[0], doubles({0, 0})));
}

TEST(SoftmaxCrossEntropy, AnEmptyBatchIsFine) {
  EXPECT_EQ(run_one(SoftmaxCrossEntropy{}, {at::zeros({0, 2}), labels({})}).numel(), 0);
}

TEST(SoftmaxCrossEntropy, NamesWrongLabels) {
  const at::Tensor x = at::zeros({2, 10});
  const std::string classes = "is not one of the 10 classes, 0 to 9, nor -1 for none";
  EXPECT_EQ(run_error(SoftmaxCrossEntropy{}, {x, labels({3, 10})}),
            "[test: SoftmaxCrossEntropy] label 10 at position 1 " + classes);
  EXPECT_EQ(run_error(SoftmaxCrossEntropy{}, {x, labels({-2, 1})}),
            "[test: SoftmaxCrossEntropy] label -2 at position 0 " + classes);
  EXPECT_EQ(run_error(SoftmaxCrossEntropy{}, {x, at::full({2, 1}, 1.5)}),
            "[test: SoftmaxCrossEntropy] label 1.5 at position 0 " + classes);
  EXPECT_EQ(run_error(SoftmaxCrossEntropy{}, {x, at::full({2, 1}, std::nan(""), at::kFloat)}),
            "[test: SoftmaxCrossEntropy] label nan at position 0 " + classes);
}

TEST(SoftmaxCrossEntropy, NamesWrongShapes) {
  EXPECT_EQ(infer_error(SoftmaxCrossEntropy{}, {{2, 10}, {2, 10}}),
            "[SoftmaxCrossEntropy] target (2, 10) must be the input (2, 10) with extent 1 at axis "
            "1");
  EXPECT_EQ(infer_error(SoftmaxCrossEntropy{}, {{2, 10}, {2}}),
            "[SoftmaxCrossEntropy] target (2) must be the input (2, 10) with extent 1 at axis 1");
}

TEST(CategoricalCrossEntropy, OfProbabilities) {
  const at::Tensor x = doubles({0.25, 0.75, 0, 1}).reshape({2, 2});
  const at::Tensor y = run_one(CategoricalCrossEntropy{}, {x, labels({0, -1})});
  EXPECT_TRUE(at::allclose(y, doubles({std::log(4.0), 0}).unsqueeze(1)));
  EXPECT_TRUE(std::isfinite(
      run_one(CategoricalCrossEntropy{}, {x.to(at::kFloat), labels({0, 0})})[1].item<float>()));
  EXPECT_EQ(run_error(CategoricalCrossEntropy{}, {x, labels({0, 2})}),
            "[test: CategoricalCrossEntropy] label 2 at position 1 is not one of the 2 classes, 0 "
            "to 1, nor -1 for none");
}

TEST(TopNError, CountsScoresThatAreNotBelow) {
  const at::Tensor x = doubles({3, 2, 1, 2, 2, 1, 0, 1, 2}).reshape({3, 3});
  EXPECT_TRUE(
      at::equal(run_one(TopNError{}, {x, labels({0, 0, 1})}), doubles({0, 1, 1}).unsqueeze(1)));
  EXPECT_TRUE(at::equal(run_one(TopNError{.n = 2}, {x, labels({2, 0, 1})}),
                        doubles({1, 0, 0}).unsqueeze(1)));
  EXPECT_TRUE(
      at::equal(run_one(TopNError{}, {x, labels({-1, -1, 2})}), doubles({0, 0, 0}).unsqueeze(1)));
}

TEST(TopNError, NotANumberIsAnError) {
  const at::Tensor x = at::full({1, 3}, std::nan(""));
  EXPECT_EQ(run_one(TopNError{}, {x, labels({1})}).item<double>(), 1);
  const at::Tensor partly = doubles({1, 5, std::nan("")}).reshape({1, 3});
  EXPECT_EQ(run_one(TopNError{}, {partly, labels({1})}).item<double>(), 1);
}

TEST(TopNError, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(TopNError{.n = 0}, {{2, 3}, {2, 1}}), "[TopNError] n 0 must be at least 1");
  EXPECT_EQ(run_error(TopNError{}, {doubles({1, 2}).reshape({1, 2}), labels({2})}),
            "[test: TopNError] label 2 at position 0 is not one of the 2 classes, 0 to 1, nor -1 "
            "for none");
}

TEST(NegativeLogLikelihood, WeighsAndIgnores) {
  const at::Tensor x = doubles({-1, -2, -3, -4, -5, -6}).reshape({3, 2});
  const at::Tensor target = at::tensor({1, 0, 1}, at::kLong);
  const at::Tensor weight = doubles({0.5, 2});
  EXPECT_TRUE(at::equal(run_one(NegativeLogLikelihood{.reduction = "none"}, {x, target, weight}),
                        doubles({4, 1.5, 12})));
  EXPECT_EQ(run_one(NegativeLogLikelihood{.reduction = "sum"}, {x, target}).item<double>(), 11);
  EXPECT_EQ(run_one(NegativeLogLikelihood{}, {x, target, weight}).item<double>(), 17.5 / 4.5);
  const NegativeLogLikelihood ignoring{.ignore_index = 1};
  EXPECT_EQ(run_one(ignoring, {x, target, weight}).item<double>(), 3);
  EXPECT_TRUE(at::equal(input_gradients(ignoring, {x, target})[0],
                        doubles({0, 0, -1, 0, 0, 0}).reshape({3, 2})));
  // One class of each pixel: (N, C, d) and (N, d).
  EXPECT_TRUE(
      at::equal(run_one(NegativeLogLikelihood{.reduction = "none"},
                        {x.reshape({1, 3, 2}), at::tensor({2, 0}, at::kLong).reshape({1, 2})}),
                doubles({5, 2}).reshape({1, 2})));
}

TEST(NegativeLogLikelihood, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(NegativeLogLikelihood{}, {{3, 2}, {2}}),
            "[NegativeLogLikelihood] target (2) must be the input (3, 2) without its axis 1");
  EXPECT_EQ(infer_error(NegativeLogLikelihood{}, {{3, 2}, {3}, {3}}),
            "[NegativeLogLikelihood] class_weight float32 (3) must be float32 (2)");
  EXPECT_EQ(infer_error(NegativeLogLikelihood{.reduction = "max"}, {{3, 2}, {3}}),
            "[NegativeLogLikelihood] reduction 'max' is not one of none, sum, mean");
  EXPECT_EQ(run_error(NegativeLogLikelihood{}, {at::ones({2, 2}), at::tensor({0, 2}, at::kLong)}),
            "[test: NegativeLogLikelihood] target 2 at position 1 is not an integer between 0 and "
            "1");
}

TEST(BinaryError, ComparesSidesOfOneHalf) {
  EXPECT_TRUE(at::equal(run_one(BinaryError{}, {doubles({0.5, 0.4, 0.9}), doubles({1, 1, 0})}),
                        doubles({0, 1, 1})));
  EXPECT_EQ(infer_error(BinaryError{}, {{2}, {3}}),
            "[BinaryError] inputs (2) and (3) must have the same shape");
}

TEST(ConfusionMatrix, CountsClassAgainstPrediction) {
  const at::Tensor x = doubles({1, 0, 0, 2, 3, 1, 1, 1}).reshape({4, 2});
  EXPECT_TRUE(at::equal(run_one(ConfusionMatrix{}, {x, labels({0, 0, 1, 1})}),
                        at::tensor({1, 1, 2, 0}, at::kLong).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(ConfusionMatrix{}, {x, labels({-1, -1, 1, -1})}),
                        at::tensor({0, 0, 1, 0}, at::kLong).reshape({2, 2})));
}

}  // namespace
}  // namespace octet
