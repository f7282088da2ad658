// octet verify on quantized networks: noise against the float network, integer functions.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

constexpr std::string_view kFloat = R"(graph net {
  input x0: float32 (-1, 3)
  parameter w: float32 (3, 4)
  parameter w2: float32 (4, 1)
  h = Affine[fc](x0, w)
  r = ReLU[act](h)
  y = Affine[fc2](r, w2)
  output y
})";

constexpr std::string_view kInteger = R"(graph net {
  input x0: float32 (-1, 3)
  parameter sx: float32 (1, 1)
  parameter z: float32 (1, 1)
  parameter w-integers: int8 (3, 4)
  parameter sw: float32 (1, 1)
  parameter sr: float32 (1, 1)
  parameter w2: float32 (4, 1)
  x0_quantized = QuantizeLinear(x0, sx, z)
  r_quantized = QuantizedAffine[fc](x0_quantized, sx, z, w-integers, sw, sr, z) {activation="RELU"}
  d = DequantizeLinear(r_quantized, sr, z)
  y0 = Affine[fc2](d, w2)
  output y0
})";

constexpr std::string_view kPairs = R"(graph net {
  input x0: float32 (-1, 3)
  parameter z: float32 (1, 1)
  parameter w: float32 (3, 4)
  parameter sr: float32 (1, 1)
  parameter w2: float32 (4, 1)
  h = Affine[fc](x0, w)
  r = ReLU[act](h)
  q = QuantizeLinear(r, sr, z)
  d = DequantizeLinear(q, sr, z)
  y0 = Affine[fc2](d, w2)
  output y0
})";

class VerifyQuantizedTest : public ProgramTest {
 protected:
  VerifyQuantizedTest() {
    const at::Tensor integers = at::arange(12).reshape({3, 4});
    parameters_.set("w", integers.to(at::kFloat) * 0.1, true);
    parameters_.set("w2", at::ones({4, 1}), true);
    parameters_.set("w-integers", integers.to(at::kChar), false);
    parameters_.set("sx", at::ones({1, 1}), false);
    parameters_.set("z", at::zeros({1, 1}), false);
    parameters_.set("sw", at::full({1, 1}, 0.1), false);
    parameters_.set("sr", at::full({1, 1}, 0.5), false);
    write_npy(x_, at::ones({2, 3}));
  }
  std::string written(const std::string& name, std::string_view text) const {
    write_nnp(folder_.path(name), parse_graph(text), parameters_);
    return folder_.path(name);
  }
  nlohmann::json verified(const std::string& a, const std::string& b) const {
    const Outcome outcome = octet(fmt::format("verify {} {} --input {} --json", a, b, x_));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return nlohmann::json::parse(outcome.out);
  }

  ParameterStore parameters_;
  std::string x_ = folder_.path("x.npy");
};

// Sums of the columns: 1.2, 1.5, 1.8, 2.1; in steps of 0.5: 2, 3, 4, 4, which stand for 1, 1.5,
// 2, 2.
constexpr double kSquares = 1.2 * 1.2 + 1.5 * 1.5 + 1.8 * 1.8 + 2.1 * 2.1;
const double kRatio = 10 * std::log10(kSquares / (0.04 + 0.04 + 0.01));
// Their sum, 6.6 and 6.5.
const double kOutputRatio = 10 * std::log10(6.6 * 6.6 / 0.01);
// Of float32: (x - y)^2 is known to about 2 eps |x| / |x - y|, some 1e-5 of it here, 10 / ln 10 of
// that in dB.
constexpr double kDecibels = 1e-4;

TEST_F(VerifyQuantizedTest, NoiseOfAnIntegerNetworkWorstFirst) {
  const std::string a = written("float.nnp", kFloat);
  const std::string b = written("integer.nnp", kInteger);
  const nlohmann::json figures = verified(a, b);
  ASSERT_EQ(figures["sqnr"].size(), 2u);
  EXPECT_EQ(figures["sqnr"][0]["value"], "r");
  EXPECT_EQ(figures["sqnr"][0]["type"], "ReLU");
  EXPECT_EQ(figures["sqnr"][0]["held_against"], "r_quantized");
  EXPECT_NEAR(figures["sqnr"][0]["sqnr_db"].get<double>(), kRatio, kDecibels);
  // The output has another name there.
  EXPECT_EQ(figures["sqnr"][1]["value"], "y");
  EXPECT_EQ(figures["sqnr"][1]["held_against"], "y0");
  EXPECT_NEAR(figures["sqnr"][1]["sqnr_db"].get<double>(), kOutputRatio, kDecibels);
  EXPECT_EQ(figures["sqnr_db"], figures["sqnr"][0]["sqnr_db"]);
  EXPECT_EQ(figures["sqnr_worst_value"], "r");
  ASSERT_EQ(figures["unmatched"].size(), 1u);
  EXPECT_EQ(figures["unmatched"][0]["value"], "h");
  EXPECT_EQ(figures["unmatched"][0]["reason"],
            "layer 'fc' gives 'r_quantized' in the quantized network");
  const Outcome table = octet(fmt::format("verify {} {} --input {}", a, b, x_));
  EXPECT_THAT(table.out, HasSubstr("r      ReLU    r_quantized      21.0\n"));
  EXPECT_THAT(table.out, HasSubstr("h             Affine  layer 'fc' gives 'r_quantized' in the "
                                   "quantized network\n"));
}

TEST_F(VerifyQuantizedTest, NoiseOfPairsIsThatOfTheDequantizedValue) {
  const nlohmann::json figures = verified(written("float.nnp", kFloat), written("q.nnp", kPairs));
  ASSERT_EQ(figures["sqnr"].size(), 3u);
  EXPECT_EQ(figures["sqnr"][0]["value"], "r");
  EXPECT_EQ(figures["sqnr"][0]["held_against"], "q");
  EXPECT_NEAR(figures["sqnr"][0]["sqnr_db"].get<double>(), kRatio, kDecibels);
  // Computed in float as in A: no noise, so no number in JSON, and last.
  EXPECT_EQ(figures["sqnr"][2]["value"], "h");
  EXPECT_TRUE(figures["sqnr"][2]["sqnr_db"].is_null());
  EXPECT_EQ(figures["sqnr"][2]["noise"], 0);
}

TEST_F(VerifyQuantizedTest, SaysWhyAValueHasNoCounterpart) {
  const std::string a = written("float.nnp", kFloat);
  std::string text(kInteger);
  text.replace(text.find("r_quantized = "), 11, "s_quantized");
  text.replace(text.find("Linear(r_quantized"), 18, "Linear(s_quantized");
  text.replace(text.find("[fc]"), 4, "[first]");
  const nlohmann::json figures = verified(a, written("other.nnp", text));
  ASSERT_EQ(figures["unmatched"].size(), 2u);
  EXPECT_EQ(figures["unmatched"][1]["value"], "r");
  EXPECT_EQ(figures["unmatched"][1]["reason"], "the quantized network has no value of this name");
}

TEST_F(VerifyQuantizedTest, ValuesOfOtherShapesAreNamed) {
  const nlohmann::json figures =
      verified(written("float.nnp", kFloat), written("sum.nnp", R"(graph net {
  input x0: float32 (-1, 3)
  parameter z: float32 (1, 1)
  parameter w: float32 (3, 4)
  parameter sr: float32 (1, 1)
  parameter w2: float32 (4, 1)
  h = Affine[fc](x0, w)
  r0 = ReLU[act](h)
  q = QuantizeLinear(r0, sr, z)
  d = DequantizeLinear(q, sr, z)
  r = Reshape(d) {shape=(-1, 2, 2)}
  r2 = Reshape(r) {shape=(-1, 4)}
  y0 = Affine[fc2](r2, w2)
  output y0
})"));
  ASSERT_EQ(figures["unmatched"].size(), 1u);
  EXPECT_EQ(figures["unmatched"][0]["value"], "r");
  EXPECT_EQ(figures["unmatched"][0]["reason"],
            "it is (2, 4) here and (2, 2, 2) in the quantized network");
}

TEST_F(VerifyQuantizedTest, IntegerNetworksAreComparedInSteps) {
  const std::string a = written("a.nnp", kInteger);
  // The last column's sum, 21, becomes 26, and r 2.6 / 0.5 = 5.2 instead of 4.2.
  at::Tensor integers = parameters_.at("w-integers").value.clone();
  integers[0][3] += 5;
  parameters_.set("w-integers", integers, false);
  const nlohmann::json figures = verified(a, written("b.nnp", kInteger));
  ASSERT_EQ(figures["layers"].size(), 4u);
  EXPECT_EQ(figures["layers"][1]["value"], "r_quantized");
  EXPECT_EQ(figures["layers"][1]["type"], "QuantizedAffine");
  EXPECT_EQ(figures["layers"][1]["max_steps"], 1);
  EXPECT_EQ(figures["layers"][1]["differing_percent"], 25);
  // What the integers stand for, in steps of its scale.
  EXPECT_EQ(figures["layers"][2]["value"], "d");
  EXPECT_EQ(figures["layers"][2]["max_absolute"], 0.5);
  EXPECT_EQ(figures["layers"][2]["max_steps"], 1);
  EXPECT_FALSE(figures.contains("sqnr"));
  const Outcome outcome = octet(
      fmt::format("verify {} {} --input {} --step-tolerance 0", a, folder_.path("b.nnp"), x_));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(error_line(outcome), HasSubstr("in quantization steps, 1 is above --step-tolerance"));
}

TEST_F(VerifyQuantizedTest, IntegerNetworksAreTheSameInOnnxRuntime) {
  setenv("OCTET_PYTHON", onnx_python().c_str(), 0);
  const std::string a = written("integer.nnp", kInteger);
  for (const std::string options :
       {"--optimization disable", "--session-option session.x64quantprecision=1"}) {
    const Outcome outcome = octet(
        fmt::format("verify {} --with onnxruntime --values integers --input {} --tolerance 1e-6 "
                    "--step-tolerance 0 --json {}",
                    a, x_, options));
    if (outcome.error.find("has no onnxruntime") != std::string::npos) {
      GTEST_SKIP() << outcome.error;
    }
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    const nlohmann::json figures = nlohmann::json::parse(outcome.out);
    for (const nlohmann::json& layer : figures["layers"]) EXPECT_EQ(layer["differing"], 0) << layer;
    // Without Python's onnx there are the outputs alone.
    if (figures["layers"].empty()) continue;
    ASSERT_EQ(figures["layers"].size(), 2u);
    EXPECT_EQ(figures["layers"][1]["value"], "r_quantized");
  }
}

TEST_F(VerifyQuantizedTest, SaysWhatIsWrongWithTheRuntimesOptions) {
  const std::string a = written("integer.nnp", kInteger);
  const auto error = [&](const std::string& option) {
    const Outcome outcome =
        octet(fmt::format("verify {} --with onnxruntime --input {} {}", a, x_, option));
    EXPECT_EQ(outcome.code, 2) << option;
    return error_line(outcome);
  };
  EXPECT_THAT(error("--session-option fast"), HasSubstr("'fast' is not KEY=VALUE"));
  EXPECT_THAT(error("--optimization most"), HasSubstr("--optimization: most not in {"));
  EXPECT_THAT(error("--values some"), HasSubstr("--values: some not in {"));
}

}  // namespace
}  // namespace octet
