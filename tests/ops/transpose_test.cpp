#include "octet/ops/transpose.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/matrix.h"
#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Transpose, OrdersDimensions) {
  const at::Tensor x = at::arange(24).reshape({2, 3, 4});
  EXPECT_TRUE(at::equal(run_one(Transpose{.axes = {0, 2, 1}}, {x}), x.permute({0, 2, 1})));
  EXPECT_TRUE(at::equal(run_one(Transpose{.axes = {-1, 0, 1}}, {x}), x.permute({2, 0, 1})));
  EXPECT_TRUE(at::equal(run_one(Transpose{}, {x}), x.permute({2, 1, 0})));
  EXPECT_EQ(inferred_shape(Transpose{.axes = {0, 2, 1}}, {{kFreeDim, 3, 4}}),
            Shape({kFreeDim, 4, 3}));
}

TEST(Transpose, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(Transpose{.axes = {0}}, {{2, 3}}),
            "[Transpose] axes [0] must name each of the 2 dimensions");
  EXPECT_EQ(infer_error(Transpose{.axes = {1, 1}}, {{2, 3}}),
            "[Transpose] axes [1, 1] name the same axis twice");
}

TEST(Flip, ReversesAxes) {
  const at::Tensor x = at::arange(4).reshape({2, 2});
  EXPECT_TRUE(at::equal(run_one(Flip{}, {x}), at::tensor({1, 0, 3, 2}, at::kLong).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(Flip{.axes = {0, 1}}, {x}),
                        at::tensor({3, 2, 1, 0}, at::kLong).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(Flip{.axes = {}}, {x}), x));
  EXPECT_EQ(infer_error(Flip{.axes = {2}}, {{2, 3}}),
            "[Flip] axis 2 is outside of a tensor of 2 dimensions");
}

TEST(Matrix, Diagonals) {
  const at::Tensor x = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_TRUE(
      at::equal(run_one(MatrixDiag{}, {x}), doubles({1, 0, 0, 2, 3, 0, 0, 4}).reshape({2, 2, 2})));
  EXPECT_TRUE(at::equal(run_one(MatrixDiagPart{}, {x}), doubles({1, 4})));
  EXPECT_EQ(infer_error(MatrixDiagPart{}, {{2, 3}}),
            "[MatrixDiagPart] needs square matrices in the last two dimensions, got (2, 3)");
  const at::Tensor squares = at::stack({x, x * 2});
  EXPECT_TRUE(at::allclose(run_one(BatchDet{}, {squares}), doubles({-2, -8})));
  EXPECT_EQ(infer_error(BatchDet{}, {{2, 3}}),
            "[BatchDet] needs square matrices in the last two dimensions, got (2, 3)");
  EXPECT_EQ(infer_error(MatrixDiag{}, {{}}), "[MatrixDiag] needs at least one dimension, got ()");
}

TEST(Matrix, Triangles) {
  const at::Tensor x = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_TRUE(at::equal(run_one(Trilu{}, {x}), doubles({1, 2, 0, 4}).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(Trilu{.k = -1, .upper = false}, {x}),
                        doubles({0, 0, 3, 0}).reshape({2, 2})));
  EXPECT_EQ(infer_error(Trilu{}, {{2}}), "[Trilu] needs at least two dimensions, got (2)");
}

}  // namespace
}  // namespace octet
