#include "octet/ops/gather.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/one_hot.h"
#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor indices(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}

TEST(Gather, TakesAlongAnAxis) {
  const at::Tensor x = at::arange(6).to(at::kDouble).reshape({2, 3});
  EXPECT_TRUE(at::equal(run_one(Gather{.axis = 1}, {x, indices({2, -3})}),
                        doubles({2, 0, 5, 3}).reshape({2, 2})));
  const at::Tensor as_floats = doubles({1, 1, 0, 1}).reshape({2, 2});
  EXPECT_TRUE(at::equal(run_one(Gather{}, {x, as_floats})[1][0], doubles({0, 1, 2})));
}

TEST(Gather, EachSampleItsOwnIndices) {
  const at::Tensor x = at::arange(12).to(at::kDouble).reshape({2, 2, 3});
  const at::Tensor y =
      run_one(Gather{.axis = 2, .batch_dims = 1}, {x, indices({0, 2, 1, 1}).reshape({2, 2})});
  EXPECT_TRUE(at::equal(y, doubles({0, 2, 3, 5, 7, 7, 10, 10}).reshape({2, 2, 2})));
}

TEST(Gather, GradientsOfRepeatedIndicesAddUp) {
  const at::Tensor x = doubles({1, 2, 3});
  EXPECT_TRUE(at::equal(input_gradients(Gather{}, {x, indices({1, 1, 2})})[0], doubles({0, 2, 1})));
  EXPECT_TRUE(at::equal(input_gradients(Gather{.axis = 1, .batch_dims = 1},
                                        {x.reshape({1, 3}), indices({1, 1, 2}).reshape({1, 3})})[0],
                        doubles({0, 2, 1}).reshape({1, 3})));
}

TEST(Gather, FreeBatch) {
  EXPECT_EQ(inferred_shape(Gather{.axis = 1}, {{kFreeDim, 5, 2}, {4}}), Shape({kFreeDim, 4, 2}));
  EXPECT_EQ(inferred_shape(Gather{.axis = 1, .batch_dims = 1}, {{kFreeDim, 5}, {kFreeDim, 4}}),
            Shape({kFreeDim, 4}));
}

TEST(Gather, NamesWhatIsWrong) {
  EXPECT_EQ(run_error(Gather{}, {doubles({1, 2, 3}), indices({0, 3})}),
            "[test: Gather] index 3 at position 1 is not an integer between -3 and 2");
  EXPECT_EQ(run_error(Gather{}, {doubles({1, 2, 3}), doubles({0.5})}),
            "[test: Gather] index 0.5 at position 0 is not an integer between -3 and 2");
  EXPECT_EQ(infer_error(Gather{.axis = 0, .batch_dims = 1}, {{2, 3}, {2}}),
            "[Gather] batch_dims 1 must be between 0 and axis 0, and at most the rank of (2)");
  EXPECT_EQ(infer_error(Gather{.axis = 1, .batch_dims = 1}, {{2, 3}, {3, 1}}),
            "[Gather] (2, 3) and indices (3, 1) differ in the first 1 dimensions");
}

TEST(GatherNd, ReadsAtCoordinates) {
  const at::Tensor x = at::arange(6).to(at::kDouble).reshape({2, 3});
  EXPECT_TRUE(
      at::equal(run_one(GatherNd{}, {x, indices({1, 0, -1, 1}).reshape({2, 2})}), doubles({5, 1})));
  EXPECT_TRUE(at::equal(run_one(GatherNd{}, {x, indices({1}).reshape({1, 1})}),
                        doubles({3, 4, 5}).reshape({1, 3})));
  EXPECT_EQ(run_error(GatherNd{}, {x, indices({1, 0, 3, 1}).reshape({2, 2})}),
            "[test: GatherNd] index 3 at position 0 is not an integer between -3 and 2");
  EXPECT_EQ(infer_error(GatherNd{}, {{2, 3}, {3, 4}}),
            "[GatherNd] the first extent of indices (3, 4) must be from 1 to 2 for an input of "
            "(2, 3)");
}

TEST(GatherNd, EachSampleItsOwnCoordinates) {
  const at::Tensor x = at::arange(8).to(at::kInt).reshape({2, 2, 2});
  const at::Tensor y = run_one(GatherNd{.batch_dims = 1}, {x, indices({1, 0}).reshape({1, 2})});
  EXPECT_TRUE(at::equal(y, at::tensor({2, 3, 4, 5}, at::kInt).reshape({2, 2})));
  // One position, given by its coordinates alone.
  EXPECT_EQ(run_one(GatherNd{}, {x, indices({1, 0, 1})}).item<int>(), 5);
  EXPECT_EQ(infer_error(GatherNd{.batch_dims = 1}, {{2, 3}, {1}}),
            "[GatherNd] batch_dims 1 must be below the ranks of (2, 3) and indices (1)");
  EXPECT_EQ(infer_error(GatherNd{.batch_dims = 1}, {{2, 3}, {1, 3}}),
            "[GatherNd] (2, 3) and indices (1, 3) behind their first dimension differ in the first "
            "1 dimensions");
}

TEST(ScatterAdd, AddsWhereTheIndicesSay) {
  const at::Tensor x0 = at::zeros({2, 3}, at::kDouble);
  // x1 is larger than the indices: only what they cover is added.
  const at::Tensor x1 = at::arange(1, 7).to(at::kDouble).reshape({2, 3});
  const at::Tensor where = indices({2, 2}).reshape({1, 2});
  EXPECT_TRUE(at::equal(run_one(ScatterAdd{.axis = 1}, {x0, where, x1}),
                        doubles({0, 0, 3, 0, 0, 0}).reshape({2, 3})));
  const auto gradients = input_gradients(ScatterAdd{.axis = 1}, {x0, where, x1});
  EXPECT_TRUE(at::equal(gradients[0], at::ones({2, 3}, at::kDouble)));
  EXPECT_TRUE(at::equal(gradients[2], doubles({1, 1, 0, 0, 0, 0}).reshape({2, 3})));
}

TEST(ScatterAdd, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(ScatterAdd{.axis = 1}, {{2, 3}, {3, 2}, {3, 2}}),
            "[ScatterAdd] indices (3, 2) do not fit into (3, 2), or into (2, 3) outside of axis 1");
  EXPECT_EQ(run_error(ScatterAdd{}, {doubles({1}), indices({7}), doubles({1})}),
            "[test: ScatterAdd] index 7 at position 0 is not an integer between -1 and 0");
  EXPECT_EQ(run_error(ScatterAdd{}, {doubles({1}), indices({0}), at::ones({1})}),
            "[ScatterAdd] cannot add float32 to float64");
}

TEST(OneHot, OfOneAndOfSeveralComponents) {
  const at::Tensor x = indices({2, 0}).reshape({2, 1});
  EXPECT_TRUE(at::equal(run_one(OneHot{.shape = {3}}, {x}),
                        at::tensor({0.0F, 0.0F, 1.0F, 1.0F, 0.0F, 0.0F}).reshape({2, 3})));
  const at::Tensor y = run_one(OneHot{.shape = {2, 3}}, {doubles({1, 2}).reshape({1, 2})});
  EXPECT_EQ(y.sizes(), at::IntArrayRef({1, 2, 3}));
  EXPECT_EQ(y[0][1][2].item<double>(), 1);
  EXPECT_EQ(y.sum().item<double>(), 1);
}

TEST(OneHot, NamesWhatIsWrong) {
  EXPECT_EQ(run_error(OneHot{.shape = {3}}, {indices({1, 4}).reshape({2, 1})}),
            "[test: OneHot] index 4 at position 1 is not an integer between -3 and 2");
  EXPECT_EQ(infer_error(OneHot{.shape = {3}}, {{5, 2}}),
            "[OneHot] the last dimension of (5, 2) must be the number of extents of shape (3)");
  EXPECT_EQ(infer_error(OneHot{.shape = {0}}, {{5, 1}}), "[OneHot] shape (0) must be positive");
}

}  // namespace
}  // namespace octet
