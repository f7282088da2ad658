#include "octet/passes/origins.h"

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using OriginsTest = PassTest;

TEST_F(OriginsTest, LookThroughDropoutAndIdentity) {
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 4)
  i = Identity(x)
  d = Dropout[first](i)
  e = Dropout[second](d)
  t = Tanh(e)
  y = Mul2(t, x)
  s = Sigmoid(x)
  output y
  output s
}
)");
  const auto id = [&](const char* name) { return graph.find_variable(name); };
  const Origins origins(graph, graph.topological_order({id("y")}));
  EXPECT_EQ(origins.of(id("e")), id("x"));
  EXPECT_EQ(origins.of(id("t")), id("t"));
  EXPECT_EQ(origins.first_dropout(id("i")), kNoId);
  EXPECT_EQ(origins.first_dropout(id("e")), graph.variable(id("d")).producer);
  // Tanh and Mul2; Sigmoid is not one of the functions.
  ASSERT_EQ(origins.readers(id("x")).size(), 2u);
  EXPECT_EQ(origins.readers(id("x"))[0].function, graph.variable(id("t")).producer);
  EXPECT_EQ(origins.readers(id("x"))[1].function, graph.variable(id("y")).producer);
  EXPECT_EQ(origins.readers(id("x"))[1].input_index, 1u);
  EXPECT_TRUE(origins.readers(id("d")).empty());
}

}  // namespace
}  // namespace octet
