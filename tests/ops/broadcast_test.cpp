#include "octet/ops/broadcast.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Broadcast, RepeatsAndSumsGradients) {
  const at::Tensor x = doubles({1, 2}).reshape({2, 1});
  EXPECT_TRUE(at::equal(run_one(Broadcast{.shape = {2, 3}}, {x}),
                        doubles({1, 1, 1, 2, 2, 2}).reshape({2, 3})));
  EXPECT_TRUE(at::equal(run_one(Broadcast{.shape = {2, 1, 1}}, {doubles({5}).reshape({})}),
                        at::full({2, 1, 1}, 5, at::kDouble)));
  EXPECT_TRUE(at::equal(input_gradients(Broadcast{.shape = {2, 3}}, {x})[0],
                        doubles({3, 3}).reshape({2, 1})));
}

TEST(Broadcast, KeepsTheBatch) {
  EXPECT_EQ(inferred_shape(Broadcast{.shape = {-1, 3}}, {{kFreeDim, 1}}), Shape({kFreeDim, 3}));
  EXPECT_EQ(run_one(Broadcast{.shape = {-1, 3}}, {at::ones({4, 1})}).sizes(),
            at::IntArrayRef({4, 3}));
}

TEST(Broadcast, NamesWhatDoesNotFit) {
  EXPECT_EQ(infer_error(Broadcast{.shape = {2, 3}}, {{2, 2}}),
            "[Broadcast] (2, 2) does not broadcast to (2, 3)");
  EXPECT_EQ(infer_error(Broadcast{.shape = {3}}, {{2, 3}}),
            "[Broadcast] (2, 3) does not broadcast to (3)");
  EXPECT_EQ(infer_error(Broadcast{.shape = {-1, 3}}, {{3}}),
            "[Broadcast] (3) does not broadcast to (-1, 3)");
}

TEST(BroadcastTo, TakesTheShapeOfItsFirstInput) {
  const at::Tensor x = at::zeros({2, 3, 4}, at::kDouble);
  const at::Tensor last = run_one(BroadcastTo{}, {x, doubles({1, 2, 3, 4})});
  EXPECT_TRUE(at::equal(last[1][2], doubles({1, 2, 3, 4})));
  const at::Tensor middle = run_one(BroadcastTo{.axis = 1}, {x, doubles({1, 2, 3})});
  EXPECT_TRUE(at::equal(middle[1].t()[3], doubles({1, 2, 3})));
  const at::Tensor row = run_one(BroadcastTo{}, {x, doubles({5, 6, 7, 8}).reshape({1, 1, 4})});
  EXPECT_TRUE(at::equal(row[1][2], doubles({5, 6, 7, 8})));
  EXPECT_EQ(infer_error(BroadcastTo{.axis = 1}, {{2, 3, 4}, {4}}),
            "[BroadcastTo] (4) does not fit into (2, 3, 4) at axis 1");
  EXPECT_EQ(infer_error(BroadcastTo{}, {{4}, {2, 4}}),
            "[BroadcastTo] (2, 4) does not fit into (4) at axis -1");
}

TEST(Tile, Repeats) {
  const at::Tensor x = doubles({1, 2}).reshape({1, 2});
  EXPECT_TRUE(at::equal(run_one(Tile{.reps = {2, 2}}, {x}),
                        doubles({1, 2, 1, 2, 1, 2, 1, 2}).reshape({2, 4})));
  EXPECT_EQ(run_one(Tile{.reps = {2}}, {x}).sizes(), at::IntArrayRef({1, 4}));
  EXPECT_EQ(run_one(Tile{.reps = {3, 1, 1}}, {x}).sizes(), at::IntArrayRef({3, 1, 2}));
  EXPECT_EQ(inferred_shape(Tile{.reps = {1, 2}}, {{kFreeDim, 2}}), Shape({kFreeDim, 4}));
  EXPECT_EQ(infer_error(Tile{.reps = {0}}, {{2}}), "[Tile] reps [0] must be positive");
}

}  // namespace
}  // namespace octet
