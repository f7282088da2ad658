#include "octet/train/metrics.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "octet/base/error.h"

namespace octet {
namespace {

TEST(Median, IsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 9}), 3);
  EXPECT_EQ(median({4, 1, 9, 2}), 3);
}

at::Tensor logits() {
  return at::tensor({0.1F, 0.9F, 0.5F,   //
                     0.7F, 0.2F, 0.6F,   //
                     0.3F, 0.3F, 0.3F})  //
      .reshape({3, 3});
}

TEST(CountTopNErrors, RanksTheLabel) {
  const at::Tensor labels = at::tensor({1, 2, 0}, at::kLong);
  EXPECT_EQ(count_top_n_errors(logits(), labels), 2);
  EXPECT_EQ(count_top_n_errors(logits(), labels, 2), 1);
  EXPECT_EQ(count_top_n_errors(logits(), labels, 3), 0);
}

TEST(CountTopNErrors, TakesColumnsAndImageShapes) {
  const at::Tensor labels = at::tensor({1, 0, 0}, at::kInt).reshape({3, 1});
  EXPECT_EQ(count_top_n_errors(logits().reshape({3, 3, 1, 1}), labels), 1);
  EXPECT_EQ(count_top_n_errors(at::zeros({0, 3}), at::zeros({0}, at::kLong)), 0);
}

TEST(CountTopNErrors, NanIsAnError) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor label = at::zeros({1}, at::kLong);
  EXPECT_EQ(count_top_n_errors(at::tensor({nan, 0.0F}).reshape({1, 2}), label), 1);
  EXPECT_EQ(count_top_n_errors(at::tensor({1.0F, nan}).reshape({1, 2}), label), 1);
}

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CountTopNErrors, SaysWhatIsWrong) {
  const at::Tensor labels = at::tensor({1, 2, 0}, at::kLong);
  EXPECT_EQ(message_of([&] {
              count_top_n_errors(at::zeros({3, 3, 2}), labels);
            }),
            "[top_n_error] logits must be (samples, classes), not (3, 3, 2)");
  EXPECT_EQ(message_of([&] {
              count_top_n_errors(at::zeros({4, 3}), labels);
            }),
            "[top_n_error] labels must be one for each of 4 samples, not of shape (3)");
  EXPECT_EQ(message_of([&] {
              count_top_n_errors(at::zeros({3, 2}), labels);
            }),
            "[top_n_error] the label 2 is not in 0..1");
  EXPECT_EQ(message_of([&] {
              count_top_n_errors(at::zeros({3, 3}), labels, 4);
            }),
            "[top_n_error] n must be in 1..3, not 4");
}

}  // namespace
}  // namespace octet
