#include <gtest/gtest.h>

#include "octet/graph/text.h"

namespace octet {
namespace {

constexpr const char* kNetwork = R"(graph net {
  input x: float32 (2, 3)
  parameter w: float32 (3, 3)
  h = Affine(x, w)
  y = ReLU(h)
  output y
}
)";

TEST(RenameVariable, MovesTheHolderOfTheNameAside) {
  Graph graph = parse_graph(kNetwork);
  const VariableId h = graph.find_variable("h");
  graph.rename_variable(graph.find_variable("x"), "h");
  EXPECT_EQ(graph.variable(h).name, "h_1");
  EXPECT_EQ(graph.find_variable("h_1"), h);
  EXPECT_EQ(graph.find_variable("x"), kNoId);
  verify(graph);
}

// A parameter's name is its key in the store.
TEST(RenameVariable, LeavesAParameterItsName) {
  Graph graph = parse_graph(kNetwork);
  const VariableId w = graph.find_variable("w");
  const VariableId x = graph.find_variable("x");
  graph.rename_variable(x, "w");
  EXPECT_EQ(graph.variable(w).name, "w");
  EXPECT_EQ(graph.find_variable("w"), w);
  EXPECT_EQ(graph.variable(x).name, "w_1");
  EXPECT_EQ(graph.find_variable("w_1"), x);
  verify(graph);
  const uint64_t revision = graph.revision();
  graph.rename_variable(x, "w_1");
  EXPECT_EQ(graph.revision(), revision);
}

}  // namespace
}  // namespace octet
