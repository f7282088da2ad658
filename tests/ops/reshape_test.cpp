#include "octet/ops/reshape.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/shape_of.h"
#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Reshape, InfersAndKeepsExtents) {
  const at::Tensor x = at::arange(12).reshape({2, 3, 2});
  EXPECT_EQ(run_one(Reshape{.shape = {4, 3}}, {x}).sizes(), at::IntArrayRef({4, 3}));
  EXPECT_EQ(run_one(Reshape{.shape = {2, -1}}, {x}).sizes(), at::IntArrayRef({2, 6}));
  EXPECT_EQ(run_one(Reshape{.shape = {0, 0, 1, -1}}, {x}).sizes(), at::IntArrayRef({2, 3, 1, 2}));
  EXPECT_EQ(run_one(Reshape{.shape = {}}, {at::ones({1, 1})}).dim(), 0);
  EXPECT_TRUE(at::equal(run_one(Reshape{.shape = {-1}}, {x}), at::arange(12)));
}

TEST(Reshape, OfANonContiguousTensor) {
  const at::Tensor x = at::arange(6).reshape({2, 3}).t();
  EXPECT_TRUE(
      at::equal(run_one(Reshape{.shape = {-1}}, {x}), at::tensor({0, 3, 1, 4, 2, 5}, at::kLong)));
}

TEST(Reshape, WithAFreeBatch) {
  EXPECT_EQ(inferred_shape(Reshape{.shape = {-1, 12}}, {{kFreeDim, 3, 4}}), Shape({kFreeDim, 12}));
  EXPECT_EQ(inferred_shape(Reshape{.shape = {0, -1}}, {{kFreeDim, 3, 4}}), Shape({kFreeDim, 12}));
  EXPECT_EQ(inferred_shape(Reshape{.shape = {0, 4, 3}}, {{kFreeDim, 3, 4}}),
            Shape({kFreeDim, 4, 3}));
  EXPECT_EQ(inferred_shape(Reshape{.shape = {2, -1, 12}}, {{kFreeDim, 3, 4}}),
            Shape({2, kFreeDim, 12}));
  EXPECT_EQ(inferred_shape(Reshape{.shape = {5, 12}}, {{kFreeDim, 3, 4}}), Shape({5, 12}));
}

TEST(Reshape, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(Reshape{.shape = {5, 2}}, {{3, 4}}),
            "[Reshape] (3, 4) does not fit into the shape (5, 2)");
  EXPECT_EQ(infer_error(Reshape{.shape = {5, -1}}, {{3, 4}}),
            "[Reshape] (3, 4) does not fit into the shape (5, -1)");
  EXPECT_EQ(infer_error(Reshape{.shape = {0, 4, 4}}, {{kFreeDim, 3, 4}}),
            "[Reshape] (-1, 3, 4) does not fit into the shape (0, 4, 4)");
  EXPECT_EQ(infer_error(Reshape{.shape = {5, 5}}, {{kFreeDim, 3, 4}}),
            "[Reshape] (-1, 3, 4) does not fit into the shape (5, 5)");
  EXPECT_EQ(infer_error(Reshape{.shape = {-1, -1}}, {{3, 4}}),
            "[Reshape] shape (-1, -1) has more than one -1");
  EXPECT_EQ(infer_error(Reshape{.shape = {3, 4, 0}}, {{3, 4}}),
            "[Reshape] shape (3, 4, 0) for an input of (3, 4): each extent must be positive, -1 "
            "(what remains) or 0 (that of the input)");
  EXPECT_EQ(infer_error(Reshape{.shape = {-2}}, {{3, 4}}),
            "[Reshape] shape (-2) for an input of (3, 4): each extent must be positive, -1 (what "
            "remains) or 0 (that of the input)");
}

TEST(ShapeOf, IsCalledShapeInFiles) {
  EXPECT_EQ(type_name(ShapeOf{}), "Shape");
  EXPECT_TRUE(default_attributes("Shape").has_value());
}

TEST(ShapeOf, GivesPartOfTheShape) {
  const at::Tensor x = at::zeros({2, 3, 4});
  EXPECT_TRUE(at::equal(run_one(ShapeOf{}, {x}), at::tensor({2, 3, 4}, at::kLong)));
  EXPECT_TRUE(at::equal(run_one(ShapeOf{.start = -2}, {x}), at::tensor({3, 4}, at::kLong)));
  EXPECT_TRUE(
      at::equal(run_one(ShapeOf{.start = 0, .end = -1}, {x}), at::tensor({2, 3}, at::kLong)));
  EXPECT_EQ(infer_error(ShapeOf{.start = 3}, {{2, 3, 4}}),
            "[Shape] start 3 and end 0 leave nothing of (2, 3, 4)");
}

}  // namespace
}  // namespace octet
