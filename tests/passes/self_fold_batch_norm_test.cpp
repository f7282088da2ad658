#include "octet/passes/self_fold_batch_norm.h"

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using SelfFoldBatchNorm = PassTest;

TEST_F(SelfFoldBatchNorm, MultipliesAndAdds) {
  ctx_.config.bn_self_folding = true;
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter bn/beta: float32 (1, 3, 1, 1)
  parameter bn/gamma: float32 (1, 3, 1, 1)
  parameter bn/mean: float32 (1, 3, 1, 1)
  parameter bn/var: float32 (1, 3, 1, 1)
  y = BatchNormalization[bn](x, bn/beta, bn/gamma, bn/mean, bn/var) {batch_stat=false}
  output y
}
)");
  EXPECT_EQ(after(self_fold_batch_norm, graph), R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter bn/a-folded: float32 (1, 3, 1, 1)
  parameter bn/b-folded: float32 (1, 3, 1, 1)
  bn_out = Mul2[bn](x, bn/a-folded)
  y = Add2(bn_out, bn/b-folded)
  output y
}
)");
  // One multiplication and one addition on values of magnitude 4: a few eps.
  EXPECT_LT(difference(graph, self_fold_batch_norm(graph, ctx_)), 2e-6);
}

TEST_F(SelfFoldBatchNorm, FrozenParametersStayFrozen) {
  ctx_.config.bn_self_folding = true;
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter bn/beta: float32 (1, 3, 1, 1)
  parameter bn/gamma: float32 (1, 3, 1, 1)
  parameter bn/mean: float32 (1, 3, 1, 1)
  parameter bn/var: float32 (1, 3, 1, 1)
  y = BatchNormalization[bn](x, bn/beta, bn/gamma, bn/mean, bn/var) {batch_stat=false}
  output y
}
)");
  parameters_.set("bn/gamma", parameters_.at("bn/gamma").value, /*need_grad=*/false);
  self_fold_batch_norm(graph, ctx_);
  EXPECT_FALSE(parameters_.at("bn/a-folded").need_grad);
  EXPECT_TRUE(parameters_.at("bn/b-folded").need_grad);
}

TEST_F(SelfFoldBatchNorm, LeavesANormalizationWithoutRunningStatistics) {
  ctx_.config.bn_self_folding = true;
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter bn/beta: float32 (1, 3, 1, 1)
  parameter bn/gamma: float32 (1, 3, 1, 1)
  y = BatchNormalization[bn](x, bn/beta, bn/gamma)
  output y
}
)");
  EXPECT_TRUE(equal(self_fold_batch_norm(graph, ctx_), graph));
}

}  // namespace
}  // namespace octet
