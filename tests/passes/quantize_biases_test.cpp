#include "octet/passes/quantize_biases.h"

#include <ATen/ATen.h>

#include "octet/passes/insert_qdq.h"
#include "octet/passes/insert_recorders.h"
#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class QuantizeBiases : public PassTest {
 protected:
  QuantizeBiases() {
    ctx_.config.recorder_activation = RecorderSpec::abs_max();
    ctx_.config.skip_inputs_layers = {};
  }

  // What is in front of the convolution makes h of x.
  Graph network(const std::string& in_front = "Identity(x)") {
    return load(R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter c/W: float32 (3, 2, 1, 1)
  parameter c/b: float32 (3)
  h = )" + in_front +
                R"(
  y = Convolution[c](h, c/W, c/b)
  output y
}
)");
  }

  Graph converted(const std::string& in_front = "Identity(x)") {
    const Graph recording = insert_recorders(network(in_front), ctx_);
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

TEST_F(QuantizeBiases, BehindADropoutToo) {
  const std::string printed = after(quantize_biases, converted("Dropout(x)"));
  EXPECT_NE(printed.find("c/b_quantized = QuantizeLinear(c/b, Convolution-0/scale-b"),
            std::string::npos)
      << printed;
}

// Behind a dead ReLU nothing but the bias is left.
TEST_F(QuantizeBiases, KeepTheirSizeWhereInputOrWeightIsZero) {
  for (const bool zero_weight : {false, true}) {
    SCOPED_TRACE(zero_weight);
    memory_ = {};
    ctx_.config.channel_wise = zero_weight;
    const std::string in_front = zero_weight ? "MulScalar(x) {val=0.001}" : "MulScalar(x) {val=0}";
    const Graph graph = network(in_front);
    parameters_.set("c/b", at::tensor({3.6F, -2.0F, 0.1F}), /*need_grad=*/true);
    if (zero_weight) parameters_.at("c/W").value.detach()[1].zero_();
    const LogCapture log;
    const Graph quantized = quantize_biases(converted(in_front), ctx_);
    EXPECT_EQ(log.text().find("saturates"), std::string::npos) << log.text();
    // Steps of the bias are below 1e-4; 0.001 * x times weights is quantized in steps of that.
    EXPECT_LT(difference(graph, quantized), 2e-4);
  }
}

TEST_F(QuantizeBiases, SaysThatABiasSaturates) {
  const std::string in_front = "MulScalar(x) {val=1e-06}";
  network(in_front);
  parameters_.set("c/b", at::full({3}, 1000.0), /*need_grad=*/true);
  const Graph graph = converted(in_front);
  const LogCapture log;
  quantize_biases(graph, ctx_);
  EXPECT_EQ(log.text().find("warning: [quantize_biases] the bias c/b is "), 0u) << log.text();
  EXPECT_NE(log.text().find(" times the product of the scales of input and weight, more than int32 "
                            "holds: it saturates\n"),
            std::string::npos)
      << log.text();
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
