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

  // log2 of the transposed convolution's weight scales.
  at::Tensor values_of_weight_scale(bool learned) {
    return learned ? value("Deconvolution-0/log2-scale-w0")
                   : at::log2(value("Deconvolution-0/scale-w0"));
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

TEST_F(QuantizeBiases, ScalesOfAGroupedTransposedConvolutionServeEachGroup) {
  for (const bool learns : {false, true}) {
    SCOPED_TRACE(learns);
    memory_ = {};
    parameters_ = ParameterStore(7);
    ctx_.config.channel_wise = true;
    if (learns) ctx_.config.recorder_weight = RecorderSpec::learned();
    const Graph recording = insert_recorders(load(R"(graph net {
  input x: float32 (-1, 4, 3, 3)
  parameter up/W: float32 (4, 3, 2, 2)
  parameter up/b: float32 (6)
  y = Deconvolution[up](x, up/W, up/b) {group=2}
  output y
}
)"),
                                             ctx_);
    values(recording);
    const Graph before = insert_qdq(recording, ctx_);
    const Graph graph = quantize_biases(before, ctx_);
    EXPECT_NE(print(graph).find("up/b_quantized = QuantizeLinear("), std::string::npos);
    // Nothing but the rounding of the bias: half a step of its accumulator at most.
    const double step = value("Deconvolution-0/scale-x0").item<double>() *
                        at::exp2(values_of_weight_scale(learns)).max().item<double>();
    EXPECT_LE(difference(before, graph), 0.5 * step * 1.001);
  }
}

TEST_F(QuantizeBiases, LeavesBiasesFloatIfAsked) {
  ctx_.config.skip_bias = true;
  const Graph graph = converted();
  EXPECT_TRUE(equal(quantize_biases(graph, ctx_), graph));
}

}  // namespace
}  // namespace octet
