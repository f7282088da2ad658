#include "octet/passes/release_batch_size.h"

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using ReleaseBatchSize = PassTest;

TEST_F(ReleaseBatchSize, OfInputsAndReshapes) {
  const Graph graph = load(R"(graph net {
  input x: float32 (8, 3, 4, 4)
  h = Reshape(x) {shape=(8, -1)}
  y = ReLU(h)
  output y
}
)");
  EXPECT_EQ(after(release_batch_size, graph), R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  h = Reshape(x) {shape=(-1, 48)}
  y = ReLU(h)
  output y
}
)");
}

TEST_F(ReleaseBatchSize, KeepsItWhereTheNetworkNeedsIt) {
  const Graph graph = load(R"(graph net {
  input x: float32 (2, 3)
  a, b = Split(x) {axis=0}
  output a
}
)");
  EXPECT_TRUE(equal(release_batch_size(graph, ctx_), graph));
}

}  // namespace
}  // namespace octet
