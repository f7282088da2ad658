#include "octet/passes/remove_dropout.h"

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using RemoveDropout = PassTest;

TEST_F(RemoveDropout, ReadersReadWhatWasDropped) {
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 4)
  parameter w: float32 (4, 4)
  d = Dropout(x) {p=0.9}
  e = Dropout(d)
  h = Affine(e, w)
  y = Add2(h, d)
  output y
}
)");
  const Graph expected = load(R"(graph net {
  input x: float32 (-1, 4)
  parameter w: float32 (4, 4)
  h = Affine(x, w)
  y = Add2(h, x)
  output y
}
)");
  std::string difference;
  EXPECT_TRUE(equal(compact(without_dropout(graph)), expected, &difference)) << difference;
}

// Whoever holds the output keeps it.
TEST_F(RemoveDropout, AnOutputStaysOne) {
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 4)
  h = ReLU(x)
  y = Dropout[drop](h)
  z = Neg(y)
  output y
  output z
}
)");
  EXPECT_EQ(after(remove_dropout, graph), R"(graph net {
  input x: float32 (-1, 4)
  h = ReLU(x)
  y = Identity[drop](h)
  z = Neg(h)
  output y
  output z
}
)");
}

// A loss above the prediction trains on.
TEST_F(RemoveDropout, OnlyWhatTheOutputsDependOn) {
  Graph graph = load(R"(graph net {
  input x: float32 (-1, 4)
  h = ReLU(x)
  y = Neg(h)
  d = Dropout(h)
  output y
  output d
}
)");
  ctx_.outputs = {graph.find_variable("y")};
  graph = remove_dropout(graph, ctx_);
  const Variable& d = graph.variable(graph.find_variable("d"));
  EXPECT_TRUE(std::holds_alternative<Dropout>(graph.function(d.producer).attributes));
}

}  // namespace
}  // namespace octet
