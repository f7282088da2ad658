#include "octet/passes/unfuse_batch_norm.h"

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using UnfuseBatchNorm = PassTest;

constexpr std::string_view kFused = R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  input z: float32 (-1, 3, 4, 4)
  parameter bn/beta: float32 (1, 3, 1, 1)
  parameter bn/gamma: float32 (1, 3, 1, 1)
  parameter bn/mean: float32 (1, 3, 1, 1)
  parameter bn/var: float32 (1, 3, 1, 1)
  y = FusedBatchNormalization[bn](x, bn/beta, bn/gamma, bn/mean, bn/var, z) {batch_stat=false}
  output y
}
)";

TEST_F(UnfuseBatchNorm, KeepsParametersAndAddsTheResidual) {
  ctx_.config.bn_folding = true;
  const Graph graph = load(kFused);
  EXPECT_EQ(after(unfuse_batch_norm, graph), R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter bn/beta: float32 (1, 3, 1, 1)
  parameter bn/gamma: float32 (1, 3, 1, 1)
  parameter bn/mean: float32 (1, 3, 1, 1)
  parameter bn/var: float32 (1, 3, 1, 1)
  input z: float32 (-1, 3, 4, 4)
  bn_out = BatchNormalization[bn](x, bn/beta, bn/gamma, bn/mean, bn/var) {batch_stat=false}
  Add2_out = Add2(bn_out, z)
  y = ReLU(Add2_out)
  output y
}
)");
  EXPECT_LT(difference(graph, unfuse_batch_norm(graph, ctx_)), 1e-6);
}

TEST_F(UnfuseBatchNorm, LeavesTheGraphAloneWithoutFolding) {
  const Graph graph = load(kFused);
  EXPECT_TRUE(equal(unfuse_batch_norm(graph, ctx_), graph));
}

}  // namespace
}  // namespace octet
