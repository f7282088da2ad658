#include "octet/passes/insert_qdq.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/passes/insert_recorders.h"
#include "octet/passes/share_qparams.h"
#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class InsertQdq : public PassTest {
 protected:
  InsertQdq() {
    ctx_.config.recorder_activation = RecorderSpec::abs_max();
    ctx_.config.skip_inputs_layers = {};
    ctx_.config.skip_outputs_layers = {};
  }

  // Records one run on random inputs, then converts.
  Graph converted(std::string_view text) {
    const Graph recording = share_qparams(insert_recorders(load(text), ctx_), ctx_);
    values(recording);
    Graph graph = insert_qdq(recording, ctx_);
    verify(graph);
    return graph;
  }

  float number(const std::string& name) { return parameters_.at(name).value.item<float>(); }
};

constexpr std::string_view kConvolution = R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter c/W: float32 (3, 2, 1, 1)
  y = Convolution[c](x, c/W)
  output y
}
)";

TEST_F(InsertQdq, ReplacesRecordersByPairs) {
  const Graph graph = converted(kConvolution);
  EXPECT_EQ(print(compact(graph)), R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter Convolution-0/scale-x0: float32 (1, 1, 1, 1)
  parameter Convolution-0/zeropoint-x0: float32 (1, 1, 1, 1)
  parameter c/W: float32 (3, 2, 1, 1)
  parameter Convolution-0/scale-w0: float32 (1, 1, 1, 1)
  parameter Convolution-0/zeropoint-w0: float32 (1, 1, 1, 1)
  x_quantized = QuantizeLinear(x, Convolution-0/scale-x0, Convolution-0/zeropoint-x0)
  x_recorded = DequantizeLinear(x_quantized, Convolution-0/scale-x0, Convolution-0/zeropoint-x0)
  c/W_quantized = QuantizeLinear(c/W, Convolution-0/scale-w0, Convolution-0/zeropoint-w0)
  c/W_recorded = DequantizeLinear(c/W_quantized, Convolution-0/scale-w0, Convolution-0/zeropoint-w0)
  y = Convolution[c](x_recorded, c/W_recorded)
  output y
}
)");
  EXPECT_EQ(number("Convolution-0/scale-w0"),
            2.0F * parameters_.at("c/W").value.abs().max().item<float>() / 255.0F);
  EXPECT_EQ(number("Convolution-0/zeropoint-x0"), 0.0F);
}

TEST_F(InsertQdq, StaysCloseToTheFloatNetwork) {
  const Graph graph = load(kConvolution);
  // Two inputs of magnitude 4 with half a step (4 / 127 / 2) of error each, weights of 1.5.
  EXPECT_LT(difference(graph, converted(kConvolution)), 0.15);
  EXPECT_GT(difference(graph, converted(kConvolution)), 0.0);
}

TEST_F(InsertQdq, PerChannelScalesLieAlongTheOutputAxis) {
  ctx_.config.channel_wise = true;
  converted(kConvolution);
  EXPECT_EQ(parameters_.at("Convolution-0/scale-w0").value.sizes(), at::IntArrayRef({3, 1, 1, 1}));
}

TEST_F(InsertQdq, PowerOfTwoScales) {
  ctx_.config.pow2 = Pow2::CEIL;
  converted(kConvolution);
  EXPECT_EQ(std::log2(number("Convolution-0/scale-x0")),
            std::round(std::log2(number("Convolution-0/scale-x0"))));
}

TEST_F(InsertQdq, AsymmetricActivationsWithSymmetricWeights) {
  ctx_.config.zero_point = true;
  ctx_.config.dtype = DType::kUInt8;
  ctx_.config.recorder_activation = RecorderSpec::min_max_min_max();
  const std::string printed = print(converted(kConvolution));
  EXPECT_NE(printed.find("x_quantized = QuantizeLinear(x, Convolution-0/scale-x0, "
                         "Convolution-0/zeropoint-x0) {dtype=2}"),
            std::string::npos);
  EXPECT_GT(number("Convolution-0/zeropoint-x0"), 0.0F);
  EXPECT_EQ(number("Convolution-0/zeropoint-w0"), 0.0F);
}

TEST_F(InsertQdq, AGroupHasOneScaleForTheWidestRange) {
  const std::string printed = print(converted(R"(graph net {
  input a: float32 (-1, 4)
  input b: float32 (-1, 4)
  t = MulScalar(b) {val=10}
  y = Add2(a, t)
  output y
}
)"));
  EXPECT_NE(printed.find("QuantizeLinear(a, Add2-1/scale-x0"), std::string::npos) << printed;
  EXPECT_NE(printed.find("QuantizeLinear(t, Add2-1/scale-x0"), std::string::npos) << printed;
  EXPECT_EQ(number("Add2-1/scale-x0"), 2.0F * number("Add2-1/M-x1") / 255.0F);
}

TEST_F(InsertQdq, LearnedScalesAreTrainedInTheLog2Domain) {
  ctx_.config.recorder_activation = RecorderSpec::learned();
  const Graph graph = converted(kConvolution);
  const std::string printed = print(graph);
  EXPECT_NE(printed.find("= LearnedScale(Convolution-0/log2-scale-x0)"), std::string::npos)
      << printed;
  EXPECT_TRUE(parameters_.at("Convolution-0/log2-scale-x0").need_grad);
}

// A broken network: nothing but zeros. One line says so.
TEST_F(InsertQdq, CountsRangesOfZero) {
  const LogCapture log;
  for (const char* name : {"a/W", "b/W"}) {
    parameters_.set(name, at::zeros({3, 3, 1, 1}), /*need_grad=*/true);
  }
  converted(R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter a/W: float32 (3, 3, 1, 1)
  parameter b/W: float32 (3, 3, 1, 1)
  h = Convolution[a](x, a/W)
  y = Convolution[b](h, b/W)
  output y
}
)");
  EXPECT_EQ(
      log.text(),
      "warning: [insert_qdq] 3 of 4 values have ranges that are zero or nearly so, the first is "
      "Convolution-0/w0; a substitute stands in for their scale\n");
}

TEST_F(InsertQdq, NamesARecorderThatHasSeenNothing) {
  const Graph recording = insert_recorders(load(kConvolution), ctx_);
  try {
    insert_qdq(recording, ctx_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("[Convolution-0/x0]"), std::string::npos)
        << error.what();
  }
}

// Weights are signed and symmetric, also where activations are not.
TEST_F(InsertQdq, ComputedWeightsAreSigned) {
  ctx_.config.zero_point = true;
  ctx_.config.dtype = DType::kUInt8;
  ctx_.config.channel_wise = true;
  ctx_.config.recorder_activation = RecorderSpec::min_max_min_max();
  const std::string_view text = R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter c/W: float32 (3, 2, 1, 1)
  parameter c/g: float32 (3)
  w = WeightNormalization(c/W, c/g)
  y = Convolution[c](x, w)
  output y
}
)";
  const Graph graph = load(text);
  const Graph quantized = converted(text);
  EXPECT_NE(print(quantized).find("w_quantized = QuantizeLinear(w, Convolution-1/scale-w0, "
                                  "Convolution-1/zeropoint-w0)\n"),
            std::string::npos)
      << print(quantized);
  // Half a step of x (9 / 255 / 2) times two weights of at most 1, and the same the other way.
  EXPECT_LT(difference(graph, quantized), 0.08);
}

TEST_F(InsertQdq, StatesAreUpdatedThroughTheQuantizedNetwork) {
  const Graph graph = converted(R"(graph net {
  input x: float32 (-1, 4)
  parameter m/mean: float32 (4)
  parameter m/t: float32 (1)
  y = MeanSubtraction(x, m/mean, m/t)
  output y
}
)");
  const float before = number("m/t");
  values(graph);
  EXPECT_EQ(number("m/t"), before + 1);
}

TEST_F(InsertQdq, AValidationNetworkMakesNoScale) {
  const std::string_view text = R"(graph net {
  input a: float32 (-1, 4)
  input b: float32 (-1, 4)
  y = Add2(a, b)
  output y
}
)";
  const Graph training = share_qparams(insert_recorders(load(text), ctx_), ctx_);
  values(training);
  insert_qdq(training, ctx_);
  ctx_.training = false;
  const Graph validation = insert_recorders(load(text), ctx_);
  EXPECT_EQ(message_of([&] { insert_qdq(validation, ctx_); }),
            "[QATScheduler] validation network net has a scale for Add2-0/x1, and its training "
            "network has none");
}

}  // namespace
}  // namespace octet
