#include "octet/train/weight_average.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"

namespace octet {
namespace {

void assign(ParameterStore& store, const std::string& name, double value) {
  const at::NoGradGuard no_grad;
  store.at(name).value.fill_(value);
}

double average_of(const WeightAverage& average, const std::string& name) {
  return average.state().averages.at(name).item<double>();
}

TEST(WeightAverage, FollowsTheFormula) {
  ParameterStore store;
  store.set("w", at::full({1}, 1.0F), true);
  WeightAverage average({.decay = 0.5, .warm_up = false});
  average.set_parameters(store);
  assign(store, "w", 3);
  average.update();
  EXPECT_EQ(average_of(average, "w"), 2);
  assign(store, "w", 4);
  average.update();
  EXPECT_EQ(average_of(average, "w"), 3);
}

TEST(WeightAverage, WarmsUp) {
  ParameterStore store;
  store.set("w", at::full({1}, 11.0), true);
  WeightAverage average({.decay = 0.999});
  average.set_parameters(store);
  assign(store, "w", 0);
  average.update();  // decay 2 / 11
  EXPECT_NEAR(average_of(average, "w"), 2, 1e-5);
}

TEST(WeightAverage, SwapsInPlaceAndBack) {
  ParameterStore store;
  store.set("w", at::full({2}, 1.0F), true);
  store.set("statistics", at::full({2}, 5.0F), false);
  WeightAverage average({.decay = 0.5, .warm_up = false});
  average.set_parameters(store);
  assign(store, "w", 3);
  assign(store, "statistics", 7);
  average.update();
  const at::Tensor held = store.at("w").value;
  average.swap();
  EXPECT_TRUE(average.swapped());
  EXPECT_TRUE(at::equal(held.detach(), at::full({2}, 2.0F)));
  EXPECT_TRUE(at::equal(store.at("statistics").value, at::full({2}, 7.0F)));
  average.swap();
  EXPECT_TRUE(at::equal(held.detach(), at::full({2}, 3.0F)));
  EXPECT_EQ(average.state().averages.size(), 1u);
}

TEST(WeightAverage, KeepsTheAveragesOfWeightsThatStay) {
  ParameterStore store;
  store.set("stays", at::full({1}, 1.0F), true);
  store.set("goes", at::full({1}, 1.0F), true);
  WeightAverage average({.decay = 0.5, .warm_up = false});
  average.set_parameters(store);
  assign(store, "stays", 3);
  average.update();
  store.erase("goes");
  store.set("folded", at::full({1}, 9.0F), true);
  average.set_parameters(store);
  EXPECT_EQ(average_of(average, "stays"), 2);
  EXPECT_EQ(average_of(average, "folded"), 9);
  EXPECT_EQ(average.state().averages.size(), 2u);
}

TEST(WeightAverage, LeavesOutIntegers) {
  WeightAverage average;
  average.set_parameters({{"count", at::zeros({1}, at::kLong), false}});
  average.update();
  EXPECT_TRUE(average.state().averages.empty());
}

TEST(WeightAverage, GoesOnFromASavedState) {
  ParameterStore store;
  store.set("w", at::full({1}, 1.0F), true);
  WeightAverage first;
  first.set_parameters(store);
  assign(store, "w", 2);
  first.update();
  WeightAverage second;
  second.set_parameters(store);
  second.set_state(first.state());
  assign(store, "w", 5);
  first.update();
  second.update();
  EXPECT_EQ(average_of(first, "w"), average_of(second, "w"));
  EXPECT_EQ(second.state().updates, 2);
}

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(WeightAverage, SaysWhatIsWrong) {
  EXPECT_EQ(message_of([] { WeightAverage({.decay = 1}); }),
            "[WeightAverage] decay (--average) must be at least 0 and less than 1, not 1");
  ParameterStore store;
  store.set("w", at::zeros({2}), true);
  WeightAverage average;
  average.set_parameters(store);
  EXPECT_EQ(message_of([&] { average.set_state({}); }),
            "[WeightAverage] the state lacks the parameter 'w'");
  EXPECT_EQ(message_of([&] {
              average.set_state({1, {{"w", at::zeros({3})}}});
            }),
            "[WeightAverage] the average of 'w' has shape (3), the parameter (2)");
  EXPECT_EQ(message_of([&] {
              average.set_state({1, {{"w", at::zeros({2})}, {"x", at::zeros({2})}}});
            }),
            "[WeightAverage] the state has 2 parameters, the network 1");
  average.swap();
  EXPECT_EQ(message_of([&] { average.update(); }),
            "[WeightAverage] update() while the averages are swapped in; swap() them back first");
}

}  // namespace
}  // namespace octet
