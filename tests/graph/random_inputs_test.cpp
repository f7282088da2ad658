#include "octet/graph/random_inputs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/graph/text.h"

namespace octet {
namespace {

// "x zeros, y random": what the network of the text gets.
std::string inputs_of(const std::string& body) {
  const Graph graph = parse_graph("graph net {\n" + body + "}\n");
  const std::vector<VariableId> ids = network_inputs(graph);
  const std::vector<at::Tensor> values = random_inputs(graph);
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool zeros = values[i].eq(0).all().item<bool>();
    text += (i == 0 ? "" : ", ") + graph.variable(ids[i]).name + (zeros ? " zeros" : " random");
  }
  return text;
}

TEST(RandomInputs, HaveShapesAndTypes) {
  const Graph graph = parse_graph(R"(graph net {
  input x: float32 (-1, 3, -1, 5)
  input i: int32 (-1)
  y = Embed(i, x)
  output y
})");
  const std::vector<at::Tensor> values = random_inputs(graph);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_TRUE(at::equal(values[0], at::zeros({2}, at::kInt)));
  EXPECT_EQ(values[1].sizes(), at::IntArrayRef({2, 3, 32, 5}));
  EXPECT_LE(values[1].abs().max().item<float>(), 1);
  EXPECT_GT(values[1].std().item<float>(), 0.5);
  EXPECT_TRUE(at::equal(values[1], random_inputs(graph)[1]));
}

TEST(RandomInputs, AreZeroWhereTheyAreRead) {
  EXPECT_EQ(inputs_of(R"(  input x: float32 (-1, 10)
  input labels: float32 (-1, 1)
  y = SoftmaxCrossEntropy(x, labels) {axis=1}
  output y
)"),
            "x random, labels zeros");
}

TEST(RandomInputs, AreZeroBehindOtherFunctions) {
  EXPECT_EQ(inputs_of(R"(  input x: float32 (4, 3)
  input i: float32 (-1, 2)
  input j: float32 (-1, 2)
  sum = Add2(i, j)
  whole = Cast(sum) {dtype="int64"}
  flat = Reshape(whole) {shape=(-1)}
  y = Embed(flat, x)
  output y
)"),
            "i zeros, j zeros, x random");
}

// The network's own decision is a position whatever its data are.
TEST(RandomInputs, StayRandomBehindAnArgMax) {
  EXPECT_EQ(inputs_of(R"(  input x: float32 (4, 3)
  input table: float32 (3, 5)
  best = Max(x) {axes=[1], only_index=true}
  y = Embed(best, table)
  output y
)"),
            "x random, table random");
}

}  // namespace
}  // namespace octet
