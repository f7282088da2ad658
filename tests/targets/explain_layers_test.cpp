// What lint says about each layer.
#include "octet/targets/explain_layers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/text.h"

namespace octet {
namespace {

constexpr std::string_view kNetwork = R"(graph net {
  input x: float32 (-1, 3, 8, 8)
  parameter w1: float32 (4, 3, 1, 1)
  parameter w2: float32 (4, 4, 1, 1)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  h = Convolution[first](x, w1)
  hq = QuantizeLinear(h, s, z)
  hd = DequantizeLinear(hq, s, z)
  wq = QuantizeLinear(w2, s, z) {bits=4}
  wd = DequantizeLinear(wq, s, z)
  g = Convolution[second](hd, wd)
  r = ReLU[act](g)
  t = Tanh[tanh](hd)
  a = Add2[add](hd, r)
  d = Dropout[drop](a)
  output d
  output t
})";

class ExplainLayersTest : public ::testing::Test {
 protected:
  ExplainLayersTest() : graph_(parse_graph(kNetwork)) {
    for (const char* name : {"s", "z"}) {
      store_.set(name, at::full({1, 1, 1, 1}, name[0] == 's' ? 1 : 0), false);
    }
  }
  // "layer: state, why; outcome" of each layer.
  std::vector<std::string> explained(Target target, const QuantizationConfig* config = nullptr) {
    std::vector<std::string> lines;
    const std::vector<Finding> findings = check_graph(graph_, store_, target);
    for (const LayerReport& report : explain_layers(graph_, store_, target, findings, config)) {
      lines.push_back(fmt::format("{}: {}, {}; {}", report.layer, to_string(report.state),
                                  report.why, report.outcome));
    }
    return lines;
  }

  Graph graph_;
  ParameterStore store_;
};

TEST_F(ExplainLayersTest, ForOctet) {
  EXPECT_EQ(explained(Target::DEFAULT),
            (std::vector<std::string>{
                "first: float, no Q/DQ pair on its inputs; float",
                "second: quantized, x int8, weight int8 of 4 bits; float arithmetic on quantized "
                "values",
                "act: float, no Q/DQ pair on its inputs; float",
                "add: partly, x0 int8, x1 float; float arithmetic on quantized values",
                "drop: float, this type is never quantized; float",
                "tanh: quantized, x int8; float arithmetic on quantized values"}));
}

TEST_F(ExplainLayersTest, ForTensorRt) {
  const std::vector<std::string> lines = explained(Target::TENSORRT);
  EXPECT_EQ(lines[1], "second: quantized, x int8, weight int8 of 4 bits; refused: bits");
  EXPECT_EQ(lines[3], "add: partly, x0 int8, x1 float; added within the convolution");
  EXPECT_EQ(lines[5], "tanh: quantized, x int8; float: there is no integer kernel");
}

TEST_F(ExplainLayersTest, TheConfigurationTellsWhy) {
  QuantizationConfig config;
  config.exclude = {"act"};
  const std::vector<std::string> lines = explained(Target::DEFAULT, &config);
  EXPECT_EQ(lines[0], "first: float, skip_inputs_layers: the first of its type; float");
  EXPECT_EQ(lines[2], "act: float, exclude matches its name; float");
}

TEST_F(ExplainLayersTest, ASkippedLayerThatReadsQuantizedData) {
  QuantizationConfig config;
  config.exclude = {"add"};
  EXPECT_EQ(explained(Target::DEFAULT, &config)[3],
            "add: partly, exclude matches its name; x0 int8, x1 float; float arithmetic on "
            "quantized values");
}

TEST_F(ExplainLayersTest, OfIntegerFunctions) {
  graph_ = parse_graph(R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter sx: float32 (1, 1, 1, 1)
  parameter zx: float32 (1, 1, 1, 1)
  parameter w: int8 (3, 2, 3, 3)
  parameter sw: float32 (3, 1, 1, 1)
  parameter b: int32 (3)
  parameter table: uint8 (256)
  q = QuantizeLinear(x, sx, zx) {dtype=2}
  c = QuantizedConvolution[conv](q, sx, zx, w, sw, sx, zx, b) {pad=(1, 1), dtype=2}
  p = MaxPooling[pool](c) {kernel=(2, 2), stride=(2, 2)}
  t = QuantizedLookup[table](p, table) {lowest=0, dtype=2}
  r = Requantize[requantize](t, sx, zx, sx, zx) {dtype=2}
  y = DequantizeLinear(r, sx, zx)
  output y
})");
  for (const char* name : {"sx", "zx"}) store_.set(name, at::full({1, 1, 1, 1}, 1), false);
  EXPECT_EQ(explained(Target::ONNXRUNTIME),
            (std::vector<std::string>{
                "conv: quantized, x uint8, weight int8 per channel, bias int32; QLinearConv",
                "pool: quantized, x uint8; moves integers",
                "table: quantized, x uint8, table uint8; Gather",
                "requantize: quantized, x uint8; its definition in simpler operators"}));
  EXPECT_EQ(explained(Target::DEFAULT)[0],
            "conv: quantized, x uint8, weight int8 per channel, bias int32; integer arithmetic");
  EXPECT_EQ(
      explained(Target::TENSORRT)[0],
      "conv: quantized, x uint8, weight int8 per channel, bias int32; refused: integer-function");
  const std::vector<Finding> findings = check_graph(graph_, store_, Target::TENSORRT);
  const auto refused = std::ranges::find(findings, "integer-function", &Finding::rule);
  ASSERT_NE(refused, findings.end());
  EXPECT_EQ(refused->message,
            "3 functions compute on integers, the first is conv (QuantizedConvolution); tensorrt "
            "takes Q/DQ pairs only: train with precision_mode SIM_QNN");
  EXPECT_TRUE(refused->refused);
}

}  // namespace
}  // namespace octet
