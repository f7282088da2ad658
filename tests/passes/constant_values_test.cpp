#include "octet/passes/constant_values.h"

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using ConstantValuesTest = PassTest;

TEST_F(ConstantValuesTest, AreWhatComesFromParametersAlone) {
  const Graph graph = load(R"(graph net {
  input x: float32 (2, 4)
  parameter a: float32 (2, 4)
  parameter b: float32 (2, 4)
  p = Mul2(a, b)
  q = Tanh(p)
  r = Randn() {shape=(2, 4)}
  s = Add2(q, r)
  t = Add2(q, x)
  y = Add2(s, t)
  output y
}
)");
  const ConstantValues constants(graph, graph.topological_order(graph.outputs()));
  for (const char* name : {"a", "b", "p", "q"}) {
    EXPECT_TRUE(constants.contains(graph.find_variable(name))) << name;
  }
  for (const char* name : {"x", "r", "s", "t", "y"}) {
    EXPECT_FALSE(constants.contains(graph.find_variable(name))) << name;
  }
  EXPECT_FALSE(constants.contains(graph.num_variable_slots()));
}

}  // namespace
}  // namespace octet
