#include "tests/support/gradient_check.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace octet {
namespace {

TEST(GradientCheck, AcceptsARightGradientAndFindsAWrongOne) {
  const std::vector<at::Tensor> inputs{at::arange(1, 7).reshape({2, 3}).to(at::kFloat),
                                       at::full({3}, 0.5)};
  const TensorFunction right = [](const std::vector<at::Tensor>& x) {
    return std::vector<at::Tensor>{x[0].sin() * x[1], x[1].exp()};
  };
  EXPECT_LT(gradient_check(right, inputs, {0, 1}, 1), 1e-6);
  const TensorFunction wrong = [](const std::vector<at::Tensor>& x) {
    return std::vector<at::Tensor>{x[0].sin() + (x[0] - x[0].detach())};
  };
  EXPECT_GT(gradient_check(wrong, inputs, {0}, 1), 1e-2);
}

}  // namespace
}  // namespace octet
