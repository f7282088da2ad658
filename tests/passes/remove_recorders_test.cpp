#include "octet/passes/remove_recorders.h"

#include "octet/passes/insert_recorders.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using RemoveRecorders = PassTest;

TEST_F(RemoveRecorders, GivesBackTheNetworkWithoutThem) {
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter c/W: float32 (2, 2, 1, 1)
  h = Convolution[c](x, c/W)
  r = ReLU(h)
  y = Add2(r, h)
  output y
}
)");
  ctx_.config.recorder_position = RecorderPosition::BOTH;
  const Graph recording = insert_recorders(graph, ctx_);
  EXPECT_FALSE(equal(recording, graph));
  std::string difference;
  EXPECT_TRUE(equal(remove_recorders(recording, ctx_), graph, &difference)) << difference;
}

}  // namespace
}  // namespace octet
