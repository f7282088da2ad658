#include "octet/base/shape.h"

#include <gtest/gtest.h>

#include "octet/base/error.h"

namespace octet {
namespace {

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape({2, 3, 4}).num_elements(), 24);
  EXPECT_EQ(Shape({}).num_elements(), 1);
  EXPECT_EQ(Shape({kFreeDim, 3}).num_elements(), kFreeDim);
  EXPECT_EQ(Shape({kFreeDim, 3, 4}).num_elements(1, 3), 12);
}

TEST(Shape, BroadcastsLikeNumPy) {
  EXPECT_EQ(broadcast_shapes({2, 4, 8, 8}, {1, 4, 1, 1}, "Add2"), Shape({2, 4, 8, 8}));
  EXPECT_EQ(broadcast_shapes({3}, {2, 1}, "Add2"), Shape({2, 3}));
  EXPECT_EQ(broadcast_shapes({kFreeDim, 3}, {1, 3}, "Add2"), Shape({kFreeDim, 3}));
}

TEST(Shape, NamesTheOperationThatDoesNotBroadcast) {
  try {
    broadcast_shapes({2, 3}, {2, 4}, "Add2");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[Add2] shapes (2, 3) and (2, 4) do not broadcast");
  }
}

TEST(Shape, NormalizesAxes) {
  EXPECT_EQ(normalize_axis(-1, 4, "Softmax"), 3);
  EXPECT_THROW(normalize_axis(4, 4, "Softmax"), Error);
}

}  // namespace
}  // namespace octet
