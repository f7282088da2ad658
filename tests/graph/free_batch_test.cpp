#include "octet/graph/free_batch.h"

#include <gtest/gtest.h>

#include "octet/graph/text.h"

namespace octet {
namespace {

Graph freed(std::string_view text) {
  const Graph graph = parse_graph(text);
  return with_free_batch(graph);
}

TEST(FreeBatch, FreesStatedShapesThatLeaveOneExtentOpen) {
  EXPECT_EQ(print(freed(R"(graph net {
  input x: float32 (8, 3, 4)
  h = Reshape(x) {shape=(8, -1)}
  y = Broadcast(h) {shape=(8, 12)}
  output y
}
)")),
            R"(graph net {
  input x: float32 (-1, 3, 4)
  h = Reshape(x) {shape=(-1, 12)}
  y = Broadcast(h) {shape=(-1, 12)}
  output y
}
)");
}

TEST(FreeBatch, LeavesShapesOverParametersAlone) {
  const std::string printed = print(freed(R"(graph net {
  input x: float32 (8, 4)
  parameter w: float32 (8, 2)
  v = Reshape(w) {shape=(8, 1, 2)}
  y = ReLU(x)
  output y
  output v
}
)"));
  EXPECT_NE(printed.find("v = Reshape(w) {shape=(8, 1, 2)}"), std::string::npos) << printed;
}

TEST(FreeBatch, FreesWhatHangsBesideTheOutputsToo) {
  Graph graph = parse_graph(R"(graph net {
  input x: float32 (8, 4)
  input label: float32 (8, 1)
  y = ReLU(x)
  loss = SoftmaxCrossEntropy(y, label) {axis=1}
  output loss
}
)");
  graph.set_outputs({graph.find_variable("y")});
  const Graph result = with_free_batch(graph);
  verify(result);
  EXPECT_EQ(result.variable(graph.find_variable("y")).type.shape, Shape({kFreeDim, 4}));
  EXPECT_EQ(result.variable(graph.find_variable("loss")).type.shape, Shape({kFreeDim, 1}));
}

TEST(FreeBatch, KeepsTheQuantizationNotedOnAValue) {
  Graph graph =
      parse_graph("graph net {\n  input x: float32 (8, 4)\n  y = ReLU(x)\n  output y\n}\n");
  const VariableId y = graph.find_variable("y");
  const QParams qparams{.format = {}, .scale = {0.5F}, .zero_point = {3}};
  graph.mutable_variable(y).type.qparams = qparams;
  EXPECT_EQ(with_free_batch(graph).variable(y).type.qparams, qparams);
}

}  // namespace
}  // namespace octet
