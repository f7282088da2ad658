#include "octet/graph/network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/functions.h"

namespace octet {
namespace {

TEST(Network, RunsForwardAndBackward) {
  auto parameters = std::make_shared<ParameterStore>(1);
  parameters->set("W", at::full({2, 1, 1, 1}, 3.0), true);
  Network network(parameters);
  VariableRef x = network.input("x", {1, 1, 2, 2});
  VariableRef y = F::relu(F::convolution(x, network.parameter("W")));
  x.d() = at::ones({1, 1, 2, 2});
  y.forward();
  EXPECT_TRUE(at::equal(y.d(), at::full({1, 2, 2, 2}, 3.0)));
  y.backward();
  EXPECT_TRUE(at::equal(network.parameter("W").g(), at::full({2, 1, 1, 1}, 4.0)));
}

TEST(Network, AcceptsAnotherBatchSizeButNoOtherShape) {
  Network network;
  VariableRef x = network.input("x", {4, 3});
  VariableRef y = F::relu(x);
  x.d() = at::ones({7, 3});
  y.forward();
  EXPECT_EQ(y.d().size(0), 7);
  x.d() = at::ones({4, 2});
  EXPECT_THROW(y.forward(), Error);
}

TEST(Network, KeepsOnlyValuesThatHaveHandles) {
  Network network;
  VariableRef x = network.input("x", {1, 2});
  VariableRef y;
  VariableId middle;
  {
    VariableRef h = F::relu(x);
    middle = h.id();
    y = F::relu(h);
  }
  x.d() = at::ones({1, 2});
  y.forward();
  EXPECT_FALSE(network.ref(middle).d().defined());
  EXPECT_TRUE(y.d().defined());
}

TEST(Network, MultipleOutputs) {
  Network network;
  VariableRef x = network.input("x", {2, 3});
  std::vector<VariableRef> parts = F::split(x, {.axis = 1});
  ASSERT_EQ(parts.size(), 3u);
  x.d() = at::arange(6).reshape({2, 3}).to(at::kFloat);
  parts[2].forward();
  EXPECT_TRUE(at::equal(parts[2].d(), at::tensor({2.0F, 5.0F})));
}

TEST(Network, NamesTheInputWithoutValue) {
  Network network;
  VariableRef y = F::relu(network.input("image", {1, 2}));
  try {
    y.forward();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[image] the network's input has no value");
  }
}

// What a pass folds away is no value of the network any more; its handle says so.
TEST(Network, SaysThatAValueIsNoLongerComputed) {
  Network network;
  VariableRef x = network.input("x", {1, 2});
  VariableRef h = F::apply(AddScalar{.val = 1}, {x});
  VariableRef y = F::relu(h);
  x.d() = at::ones({1, 2});
  y.forward();
  EXPECT_TRUE(h.d().defined());
  Graph& graph = network.graph();
  const FunctionId relu = graph.variable(y.id()).producer;
  graph.erase_function(graph.variable(h.id()).producer);
  graph.set_input(relu, 0, x.id());
  y.forward();
  const std::string expected = fmt::format(
      "[{}] nothing computes this value any more: a conversion folded it into the "
      "values behind it",
      h.name());
  for (const bool forward : {false, true}) {
    try {
      forward ? h.forward() : static_cast<void>(h.d());
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), expected);
    }
  }
}

}  // namespace
}  // namespace octet
