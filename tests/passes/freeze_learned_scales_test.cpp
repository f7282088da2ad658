#include "octet/passes/freeze_learned_scales.h"

#include <ATen/ATen.h>

#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using FreezeLearnedScales = PassTest;

TEST_F(FreezeLearnedScales, BecomeParametersOfTheSameValue) {
  parameters_.set("a/log2-scale-x0", at::full({1, 1}, -3.5), true);
  parameters_.set("a/zeropoint-x0", at::zeros({1, 1}), false);
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 2)
  parameter a/log2-scale-x0: float32 (1, 1)
  parameter a/zeropoint-x0: float32 (1, 1)
  s = LearnedScale(a/log2-scale-x0)
  q = QuantizeLinear(x, s, a/zeropoint-x0)
  y = DequantizeLinear(q, s, a/zeropoint-x0)
  output y
}
)");
  EXPECT_EQ(after(freeze_learned_scales, graph), R"(graph net {
  input x: float32 (-1, 2)
  parameter a/scale-x0: float32 (1, 1)
  parameter a/zeropoint-x0: float32 (1, 1)
  q = QuantizeLinear(x, a/scale-x0, a/zeropoint-x0)
  y = DequantizeLinear(q, a/scale-x0, a/zeropoint-x0)
  output y
}
)");
  EXPECT_EQ(difference(graph, freeze_learned_scales(graph, ctx_)), 0.0);
}

}  // namespace
}  // namespace octet
