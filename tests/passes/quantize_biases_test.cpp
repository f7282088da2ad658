#include "octet/passes/quantize_biases.h"

#include <ATen/ATen.h>

#include "octet/passes/insert_qdq.h"
#include "octet/passes/insert_recorders.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class QuantizeBiases : public PassTest {
 protected:
  QuantizeBiases() {
    ctx_.config.recorder_activation = RecorderSpec::abs_max();
    ctx_.config.skip_inputs_layers = {};
  }

  Graph converted() {
    const Graph recording = insert_recorders(load(R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter c/W: float32 (3, 2, 1, 1)
  parameter c/b: float32 (3)
  y = Convolution[c](x, c/W, c/b)
  output y
}
)"),
                                             ctx_);
    values(recording);
    return insert_qdq(recording, ctx_);
  }

  at::Tensor value(const std::string& name) { return parameters_.at(name).value.detach(); }
};

TEST_F(QuantizeBiases, Int32WithTheScaleOfTheAccumulator) {
  const std::string printed = after(quantize_biases, converted());
  EXPECT_NE(printed.find("c/b_quantized = QuantizeLinear(c/b, Convolution-0/scale-b, "
                         "Convolution-0/zeropoint-b) {dtype=5, bits=32}"),
            std::string::npos)
      << printed;
  EXPECT_TRUE(
      at::equal(value("Convolution-0/scale-b").flatten(),
                (value("Convolution-0/scale-x0") * value("Convolution-0/scale-w0")).flatten()));
}

TEST_F(QuantizeBiases, PerChannelWhereTheWeightIs) {
  ctx_.config.channel_wise = true;
  after(quantize_biases, converted());
  EXPECT_TRUE(at::equal(
      value("Convolution-0/scale-b"),
      value("Convolution-0/scale-x0").flatten() * value("Convolution-0/scale-w0").flatten()));
}

TEST_F(QuantizeBiases, MultipliesLearnedScalesInEachStep) {
  ctx_.config.recorder_activation = RecorderSpec::learned();
  const std::string printed = after(quantize_biases, converted());
  EXPECT_NE(printed.find("Convolution-0/scale-b = Mul2("), std::string::npos) << printed;
}

TEST_F(QuantizeBiases, LeavesBiasesFloatIfAsked) {
  ctx_.config.skip_bias = true;
  const Graph graph = converted();
  EXPECT_TRUE(equal(quantize_biases(graph, ctx_), graph));
}

}  // namespace
}  // namespace octet
