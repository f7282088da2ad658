#include "octet/ops/pad.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/shift.h"
#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Pad, Constant) {
  EXPECT_TRUE(at::equal(run_one(Pad{.pad_width = {1, 2}, .constant_value = 0.5F}, {doubles({7})}),
                        doubles({0.5, 7, 0.5, 0.5})));
  const at::Tensor x = doubles({1, 2}).reshape({1, 1, 2});
  // (before, after) of the last two dimensions, in their order.
  EXPECT_TRUE(at::equal(run_one(Pad{.pad_width = {1, 0, 0, 1}}, {x}),
                        doubles({0, 0, 0, 1, 2, 0}).reshape({1, 2, 3})));
}

TEST(Pad, Repeat) {
  EXPECT_TRUE(at::equal(run_one(Pad{.pad_width = {2, 1}, .mode = "repeat"}, {doubles({1, 2, 3})}),
                        doubles({1, 1, 1, 2, 3, 3})));
}

TEST(Pad, Reflect) {
  const at::Tensor x = doubles({1, 2, 3});
  EXPECT_TRUE(at::equal(run_one(Pad{.pad_width = {2, 1}, .mode = "reflect"}, {x}),
                        doubles({3, 2, 1, 2, 3, 2})));
  // Wider than x: the mirror image goes on.
  EXPECT_TRUE(at::equal(run_one(Pad{.pad_width = {5, 3}, .mode = "reflect"}, {x}),
                        doubles({2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2})));
  EXPECT_TRUE(at::equal(run_one(Pad{.pad_width = {2, 1}, .mode = "reflect"}, {doubles({4})}),
                        doubles({4, 4, 4, 4})));
}

TEST(Pad, GradientsAddUp) {
  EXPECT_TRUE(at::equal(
      input_gradients(Pad{.pad_width = {2, 0}, .mode = "repeat"}, {doubles({1, 2, 3})})[0],
      doubles({3, 1, 1})));
}

TEST(Pad, FreeBatch) {
  EXPECT_EQ(inferred_shape(Pad{.pad_width = {1, 1, 2, 2}}, {{kFreeDim, 3, 4}}),
            Shape({kFreeDim, 5, 8}));
}

TEST(Pad, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(Pad{.pad_width = {1, 2}, .mode = "mirror"}, {{3}}),
            "[Pad] mode 'mirror' is not one of constant, reflect, repeat");
  EXPECT_EQ(infer_error(Pad{.pad_width = {1}}, {{3}}),
            "[Pad] pad_width [1] must be (before, after) pairs for at most the 1 dimensions of "
            "(3)");
  EXPECT_EQ(infer_error(Pad{.pad_width = {-1, 2}}, {{3}}),
            "[Pad] pad_width [-1, 2] must not be negative");
  EXPECT_EQ(infer_error(Pad{.pad_width = {1, 2}, .mode = "repeat"}, {{0}}),
            "[Pad] an empty dimension of (0) has no border to repeat");
}

TEST(Shift, BringsInTheBorder) {
  const at::Tensor x = doubles({1, 2, 3, 4});
  EXPECT_TRUE(at::equal(run_one(Shift{.shifts = {1}}, {x}), doubles({1, 1, 2, 3})));
  EXPECT_TRUE(at::equal(run_one(Shift{.shifts = {-2}}, {x}), doubles({3, 4, 4, 4})));
  EXPECT_TRUE(at::equal(run_one(Shift{.shifts = {-2}, .border_mode = "reflect"}, {x}),
                        doubles({3, 4, 4, 3})));
  EXPECT_TRUE(at::equal(run_one(Shift{.shifts = {3}, .border_mode = "reflect"}, {x}),
                        doubles({3, 2, 1, 1})));
  const at::Tensor image = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_TRUE(
      at::equal(run_one(Shift{.shifts = {1, 0}}, {image}), doubles({1, 2, 1, 2}).reshape({2, 2})));
}

TEST(Shift, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(Shift{.shifts = {1}, .border_mode = "wrap"}, {{3}}),
            "[Shift] border_mode 'wrap' is not one of nearest, reflect");
  EXPECT_EQ(infer_error(Shift{.shifts = {1, 1}}, {{3}}),
            "[Shift] shifts [1, 1] are more than the 1 dimensions of (3)");
}

}  // namespace
}  // namespace octet
