#include "octet/ops/softmax.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Softmax, SumsToOneAlongItsAxis) {
  const at::Tensor x = doubles({0, std::log(3.0), 1000, 1000}).reshape({2, 2});
  EXPECT_TRUE(at::allclose(run_one(Softmax{}, {x}), doubles({0.25, 0.75, 0.5, 0.5}).reshape({2, 2}),
                           0, 1e-12));
  const at::Tensor columns = run_one(Softmax{.axis = 0}, {x});
  EXPECT_TRUE(at::allclose(columns.sum(0), doubles({1, 1}), 0, 1e-12));
  EXPECT_NEAR(columns[0][0].item<double>(), 0, 1e-12);
}

TEST(Softmax, LogSoftmaxIsItsLogarithm) {
  const at::Tensor x = doubles({0, std::log(3.0), 1, 2, -1, 5}).reshape({2, 3});
  EXPECT_TRUE(at::allclose(run_one(LogSoftmax{}, {x}), run_one(Softmax{}, {x}).log(), 0, 1e-12));
  EXPECT_EQ(run_one(LogSoftmax{}, {doubles({0, 2000})})[0].item<double>(), -2000);
  EXPECT_LT(gradient_error(LogSoftmax{.axis = 1}, {x}), 1e-8);
  EXPECT_LT(gradient_error(Softmax{.axis = 0}, {x}), 1e-8);
}

TEST(Softmax, RefusesAnAxisThatIsNotThere) {
  EXPECT_EQ(infer_error(Softmax{.axis = 2}, {{2, 3}}),
            "[Softmax] axis 2 is outside of a tensor of 2 dimensions");
  EXPECT_EQ(infer_error(LogSoftmax{.axis = -3}, {{2, 3}}),
            "[LogSoftmax] axis -3 is outside of a tensor of 2 dimensions");
}

}  // namespace
}  // namespace octet
