#include "octet/passes/quantize_parameters.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class QuantizeParameters : public PassTest {
 protected:
  void set(const std::string& name, const at::Tensor& value) {
    parameters_.set(name, value, /*need_grad=*/false);
  }
  at::Tensor value(const std::string& name) { return parameters_.at(name).value.detach(); }
};

constexpr std::string_view kBefore = R"(graph net {
  input x: float32 (-1, 2)
  parameter W: float32 (2, 3)
  parameter s: float32 (1, 3)
  parameter z: float32 (1, 3)
  q = QuantizeLinear(W, s, z) {narrow_range=true, bits=4}
  w = DequantizeLinear(q, s, z)
  y = Affine(x, w)
  output y
}
)";

TEST_F(QuantizeParameters, BecomeIntegersOfTheSameValue) {
  set("W", at::tensor({-9.0F, 0.5F, 0.26F, 1.5F, -2.5F, 70.0F}).reshape({2, 3}));
  set("s", at::tensor({1.0F, 0.5F, 0.25F}).reshape({1, 3}));
  set("z", at::zeros({1, 3}));
  const Graph graph = load(kBefore);
  EXPECT_EQ(after(quantize_parameters, graph), R"(graph net {
  parameter W-quantized: int8 (2, 3)
  parameter s: float32 (1, 3)
  parameter z: float32 (1, 3)
  input x: float32 (-1, 2)
  w = DequantizeLinear(W-quantized, s, z)
  y = Affine(x, w)
  output y
}
)");
  // Halves go to the even neighbour, and the narrow range of 4 bits is -7 .. 7.
  const at::Tensor expected = at::tensor({-7, 1, 1, 2, -5, 7}, at::kChar).reshape({2, 3});
  EXPECT_TRUE(at::equal(value("W-quantized"), expected)) << value("W-quantized");
  EXPECT_EQ(difference(graph, quantize_parameters(graph, ctx_)), 0.0);
}

TEST_F(QuantizeParameters, ASecondRunChangesNothing) {
  set("s", at::full({1, 3}, 0.1));
  set("z", at::zeros({1, 3}));
  const Graph once = quantize_parameters(load(kBefore), ctx_);
  EXPECT_TRUE(equal(quantize_parameters(once, ctx_), once));
}

TEST_F(QuantizeParameters, BiasesAreInt32ToTheLastBit) {
  set("b", at::tensor({3e9F, -3e9F, 1234567.0F}));
  set("s", at::ones({1}));
  set("z", at::zeros({1}));
  const Graph graph = load(R"(graph net {
  parameter b: float32 (3)
  parameter s: float32 (1)
  parameter z: float32 (1)
  q = QuantizeLinear(b, s, z) {dtype=5, bits=32}
  y = DequantizeLinear(q, s, z)
  output y
}
)");
  EXPECT_EQ(difference(graph, quantize_parameters(graph, ctx_)), 0.0);
  EXPECT_TRUE(at::equal(value("b-quantized"),
                        at::tensor({2147483520, -2147483647 - 1, 1234567}, at::kInt)));
}

TEST_F(QuantizeParameters, ASharedWeightStaysOneAndAnotherScaleMakesAnother) {
  set("s", at::full({1, 1}, 0.1));
  set("t", at::full({1, 1}, 0.2));
  set("z", at::zeros({1, 1}));
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 2)
  parameter W: float32 (2, 2)
  parameter s: float32 (1, 1)
  parameter t: float32 (1, 1)
  parameter z: float32 (1, 1)
  q = QuantizeLinear(W, s, z)
  w = DequantizeLinear(q, s, z)
  h = Affine(x, w)
  p = QuantizeLinear(W, s, z)
  v = DequantizeLinear(p, s, z)
  i = Affine(h, v)
  r = QuantizeLinear(W, t, z)
  u = DequantizeLinear(r, t, z)
  j = Affine(i, u)
  y = Affine(j, W)
  output y
}
)");
  EXPECT_EQ(after(quantize_parameters, graph), R"(graph net {
  parameter W-quantized: int8 (2, 2)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  input x: float32 (-1, 2)
  parameter W-quantized-1: int8 (2, 2)
  parameter t: float32 (1, 1)
  parameter W: float32 (2, 2)
  w = DequantizeLinear(W-quantized, s, z)
  h = Affine(x, w)
  v = DequantizeLinear(W-quantized, s, z)
  i = Affine(h, v)
  u = DequantizeLinear(W-quantized-1, t, z)
  j = Affine(i, u)
  y = Affine(j, W)
  output y
}
)");
  EXPECT_EQ(difference(graph, quantize_parameters(graph, ctx_)), 0.0);
}

TEST_F(QuantizeParameters, LeavesWhatFlowsAndScalesThatAreTrained) {
  set("l", at::full({1, 1}, -3.0));
  set("z", at::zeros({1, 1}));
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 2)
  parameter W: float32 (2, 2)
  parameter l: float32 (1, 1)
  parameter z: float32 (1, 1)
  s = LearnedScale(l)
  q = QuantizeLinear(x, s, z)
  h = DequantizeLinear(q, s, z)
  p = QuantizeLinear(W, s, z)
  w = DequantizeLinear(p, s, z)
  y = Affine(h, w)
  output y
}
)");
  EXPECT_TRUE(equal(quantize_parameters(graph, ctx_), graph));
}

TEST_F(QuantizeParameters, ANaNIsNoInteger) {
  set("W", at::full({2, 3}, std::numeric_limits<float>::quiet_NaN()));
  set("s", at::ones({1, 3}));
  set("z", at::zeros({1, 3}));
  const Graph graph = load(kBefore);
  try {
    quantize_parameters(graph, ctx_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "[W] the parameter has values that are not a number, which no integer stands for");
  }
}

}  // namespace
}  // namespace octet
