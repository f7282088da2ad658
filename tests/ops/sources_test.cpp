#include "octet/ops/sources.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/random.h"
#include "octet/graph/network.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Sources, GiveFixedValues) {
  EXPECT_TRUE(
      at::equal(run_one(Constant{.val = 2.5F, .shape = {2, 1}}, {}), at::full({2, 1}, 2.5)));
  EXPECT_EQ(run_one(Constant{}, {}).dim(), 0);
  EXPECT_TRUE(at::equal(run_one(Arange{.stop = 3}, {}), at::tensor({0.0F, 1.0F, 2.0F})));
  EXPECT_TRUE(at::equal(run_one(Arange{.start = 5, .stop = 0, .step = -2}, {}),
                        at::tensor({5.0F, 3.0F, 1.0F})));
  EXPECT_EQ(run_one(Arange{.start = 1, .stop = 0}, {}).numel(), 0);
  EXPECT_TRUE(at::equal(run_one(Linspace{.start = 1, .stop = 2, .num = 3}, {}),
                        at::tensor({1.0F, 1.5F, 2.0F})));
  EXPECT_TRUE(at::equal(run_one(Linspace{.start = 4, .num = 1}, {}), at::tensor({4.0F})));
}

TEST(Sources, ArangeStopsBeforeDecimalFractions) {
  EXPECT_EQ(run_one(Arange{.stop = 0.3F, .step = 0.1F}, {}).numel(), 3);
  EXPECT_EQ(run_one(Arange{.stop = 1.0F, .step = 0.1F}, {}).numel(), 10);
}

TEST(Sources, WorkInANetwork) {
  Network network;
  const VariableRef x = network.input("x", {2, 2});
  const VariableRef c = network.apply(Constant{.val = 3, .shape = {2}}, {});
  const VariableRef y = network.apply(Add2{}, {x, c});
  x.d() = at::ones({2, 2});
  y.forward();
  EXPECT_TRUE(at::equal(y.d(), at::full({2, 2}, 4.0)));
}

TEST(Sources, NameWhatIsWrong) {
  EXPECT_EQ(infer_error(Constant{.shape = {-1, 3}}, {}), "[Constant] shape (-1, 3) must be known");
  EXPECT_EQ(infer_error(Arange{.step = 0}, {}), "[Arange] step must not be 0");
  EXPECT_EQ(infer_error(Arange{.stop = 1e30F}, {}),
            "[Arange] start 0, stop 1e+30 and step 1 do not give a list of numbers");
  EXPECT_EQ(infer_error(Arange{.stop = std::nanf("")}, {}),
            "[Arange] start 0, stop nan and step 1 do not give a list of numbers");
  EXPECT_EQ(infer_error(Linspace{.num = -1}, {}), "[Linspace] num -1 must not be negative");
  EXPECT_EQ(infer_error(Constant{}, {{1}}), "[Constant] takes at most 0 inputs, got 1");
}

}  // namespace
}  // namespace octet
