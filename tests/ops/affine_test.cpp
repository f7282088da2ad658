// Affine, BatchMatmul, Embed and PReLU.
#include "octet/ops/affine.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Affine, MultipliesFromTheBaseAxisOn) {
  const at::Tensor x = random_double({2, 3, 4, 5}, 1);
  const at::Tensor w = random_double({20, 2, 3}, 2);
  const at::Tensor b = random_double({2, 3}, 3);
  const at::Tensor y = run_operation(Affine{.base_axis = 2}, {x, w, b})[0];
  EXPECT_TRUE(at::allclose(y, at::einsum("abk,kcd->abcd", {x.flatten(2), w}) + b));
  EXPECT_LE(gradient_error(Affine{.base_axis = 2}, {x, w, b}), 1e-7);
  EXPECT_EQ(inferred_shape(Affine{}, {{-1, 4, 2}, {8, 3}}), Shape({-1, 3}));
  EXPECT_EQ(inferred_shape(Affine{.base_axis = 0}, {{4, 2}, {8, 3}}), Shape({3}));
}

TEST(Affine, SaysWhatDoesNotFit) {
  EXPECT_EQ(
      infer_error(Affine{}, {{2, 3, 4}, {13, 5}}),
      "[Affine] input (2, 3, 4) has 12 elements from base_axis 1 on, weight (13, 5) takes 13");
  EXPECT_EQ(infer_error(Affine{.base_axis = 2}, {{2, 3}, {3, 5}}),
            "[Affine] base_axis 2 is outside of input (2, 3)");
  EXPECT_EQ(infer_error(Affine{}, {{2, 3}, {3}}),
            "[Affine] weight (3) must have at least 2 dimensions: (inputs, outputs...)");
  EXPECT_EQ(infer_error(Affine{}, {{2, 3}, {3, 5}, {3}}), "[Affine] bias (3) must be (5)");
}

TEST(BatchMatmul, TransposesAndBroadcasts) {
  const at::Tensor a = random_double({4, 1, 3, 2}, 1);
  const at::Tensor b = random_double({5, 4, 3}, 2);
  const BatchMatmul op{.transpose_a = true, .transpose_b = true};
  const at::Tensor y = run_operation(op, {a, b})[0];
  EXPECT_TRUE(at::allclose(y[3][4], at::mm(a[3][0].t(), b[4].t())));
  EXPECT_LE(gradient_error(op, {a, b}), 1e-7);
  EXPECT_EQ(inferred_shape(BatchMatmul{}, {{-1, 2, 3}, {-1, 3, 4}}), Shape({-1, 2, 4}));
}

TEST(BatchMatmul, VectorsAndIntegers) {
  const at::Tensor a = random_double({2, 3, 4}, 1);
  const at::Tensor v = random_double({4}, 2);
  EXPECT_TRUE(at::allclose(run_operation(BatchMatmul{}, {a, v})[0], (a * v).sum(-1)));
  EXPECT_TRUE(
      at::allclose(run_operation(BatchMatmul{}, {v, a.transpose(1, 2)})[0], (a * v).sum(-1)));
  EXPECT_TRUE(at::allclose(run_operation(BatchMatmul{}, {v, v})[0], (v * v).sum()));
  EXPECT_EQ(inferred_shape(BatchMatmul{}, {{-1, 2, 3}, {3}}), Shape({-1, 2}));
  const at::Tensor integers = at::arange(4).reshape({2, 2}).to(at::kInt);
  EXPECT_TRUE(at::equal(run_operation(BatchMatmul{}, {integers, integers})[0],
                        at::tensor({2, 3, 6, 11}, at::kInt).reshape({2, 2})));
}

TEST(BatchMatmul, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(BatchMatmul{.transpose_b = true}, {{2, 3, 4}, {2, 4, 5}}),
            "[BatchMatmul] inner dimensions 4 and 5 of (2, 3, 4) and (2, 4, 5) transposed differ");
  EXPECT_EQ(infer_error(BatchMatmul{.transpose_b = true}, {{2, 3, 4}, {4}}),
            "[BatchMatmul] (2, 3, 4) and (4) transposed must be matrices or vectors");
  EXPECT_EQ(run_error(BatchMatmul{}, {at::ones({2, 2}), at::arange(2)}),
            "[BatchMatmul] cannot multiply float32 and int64");
  EXPECT_EQ(infer_error(BatchMatmul{}, {{2, 3, 4}, {3, 4, 5}}),
            "[BatchMatmul] shapes (2) and (3) do not broadcast");
}

TEST(Embed, PicksRows) {
  const at::Tensor table = at::arange(6).reshape({3, 2}).to(at::kFloat);
  const at::Tensor y = run_operation(Embed{}, {at::tensor({2.0F, 0.0F}).reshape({2, 1}), table})[0];
  EXPECT_TRUE(at::equal(y.flatten(), at::tensor({4.0F, 5.0F, 0.0F, 1.0F})));
  EXPECT_EQ(inferred_shape(Embed{}, {{-1, 7}, {3, 2}}), Shape({-1, 7, 2}));
  try {
    run_operation(Embed{}, {at::tensor({3.0F}), table});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "[test: Embed] index 3 at position 0 is not an integer between -3 and 2");
  }
  EXPECT_EQ(infer_error(Embed{}, {{2}, {}}),
            "[Embed] the table must have at least 1 dimension: (rows, values...)");
}

TEST(PReLU, SlopePerChannel) {
  const at::Tensor x = at::tensor({-1.0F, 2.0F, -3.0F, 0.0F}).reshape({1, 2, 2});
  const at::Tensor y = run_operation(PReLU{}, {x, at::tensor({0.5F, 2.0F})})[0];
  EXPECT_TRUE(at::equal(y.flatten(), at::tensor({-0.5F, 2.0F, -6.0F, 0.0F})));
  EXPECT_LE(
      gradient_error(PReLU{.base_axis = 2}, {random_double({2, 3, 4}, 1), random_double({4}, 2)}),
      1e-7);
  EXPECT_EQ(infer_error(PReLU{}, {{2, 3}, {2}}),
            "[PReLU] slope (2) must be one number or (3), the channels of input (2, 3)");
  EXPECT_EQ(infer_error(PReLU{.base_axis = 2}, {{2, 3}, {2}}),
            "[PReLU] base_axis 2 is outside of input (2, 3)");
}

}  // namespace
}  // namespace octet
