// What octet verify must not let pass, and its engines.
#include <ATen/ATen.h>

#include <limits>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class VerifyChecksTest : public ProgramTest {
 protected:
  VerifyChecksTest() {
    write_file_atomically(float_, R"(graph net {
  input x: float32 (-1, 4)
  h = Abs(x)
  y = ReLU(h)
  output y
})");
    const Graph graph = parse_graph(R"(graph net {
  input x: float32 (-1, 4)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  h = Abs(x)
  q = QuantizeLinear(h, s, z)
  d = DequantizeLinear(q, s, z)
  y = ReLU(d)
  output y
})");
    ParameterStore parameters;
    parameters.set("s", at::full({1, 1}, 0.125), false);
    parameters.set("z", at::zeros({1, 1}), false);
    write_nnp(quantized_, graph, parameters);
    write_npy(x_, at::arange(8).reshape({2, 4}).to(at::kFloat) * 0.1);
  }
  nlohmann::json figures(const std::string& arguments) const {
    const Outcome outcome = octet(arguments + " --json");
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return nlohmann::json::parse(outcome.out);
  }

  std::string float_ = folder_.path("float.txt");
  std::string quantized_ = folder_.path("quantized.nnp");
  std::string x_ = folder_.path("x.npy");
};

TEST_F(VerifyChecksTest, AStepToleranceWithoutStepsDoesNotHold) {
  const std::string tolerance = fmt::format("--input {} --step-tolerance 1", x_);
  for (const std::string& b : {float_, quantized_}) {
    const Outcome outcome = octet(fmt::format("verify {} {} {}", float_, b, tolerance));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(error_line(outcome),
              "octet: error: [verify] --step-tolerance has nothing to measure: no value that is "
              "quantized in A is in B too; give the quantized network as A");
  }
  EXPECT_EQ(octet(fmt::format("verify {} {} {}", quantized_, float_, tolerance)).code, 0);
}

TEST_F(VerifyChecksTest, NaNsFail) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  write_npy(x_, at::tensor({1.0F, nan, nan, 1.0F}).reshape({1, 4}));
  for (const char* more : {"", " --tolerance 0", " --engine plan"}) {
    const Outcome outcome =
        octet(fmt::format("verify {0} {0} --input {1} --json{2}", float_, x_, more));
    EXPECT_EQ(outcome.code, 1) << more;
    EXPECT_THAT(error_line(outcome),
                StartsWith("octet: error: [verify] of 4 elements of the outputs 2 are NaN in A, 2 "
                           "in B"))
        << more;
    const nlohmann::json found = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(found["nan_a"], 2);
    EXPECT_EQ(found["nan_b"], 2);
  }
  const Outcome outcome = octet(fmt::format("verify {0} {0} --input {1}", float_, x_));
  EXPECT_THAT(error_line(outcome), EndsWith("; the first value with any is 'h' (Abs)"));
}

// The reference shows every value, a plan the integers that it computes and the outputs.
TEST_F(VerifyChecksTest, EnginesShowWhatTheyCompute) {
  const std::string verify = fmt::format("verify {0} {0} --input {1} ", quantized_, x_);
  const nlohmann::json reference = figures(verify);
  EXPECT_EQ(reference["layers"].size(), 4u);
  EXPECT_EQ(figures(verify + "--engine reference"), reference);
  const nlohmann::json plan = figures(verify + "--engine plan --step-tolerance 0");
  ASSERT_EQ(plan["layers"].size(), 2u);
  EXPECT_EQ(plan["layers"][0]["value"], "q");
  EXPECT_EQ(plan["layers"][0]["max_steps"], 0);
  EXPECT_EQ(plan["layers"][1]["value"], "y");
  EXPECT_EQ(plan["max_absolute"], 0);
  EXPECT_EQ(octet(verify + "--engine fast").code, 2);
}

TEST_F(VerifyChecksTest, PlansOfTrainedNetworks) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string out = folder_.path("qat.nnp");
  const std::string config = folder_.path("qat.toml");
  write_file_atomically(config, "bn_folding = true\nprecision_mode = \"QNN\"\n");
  const Outcome qat = octet(fmt::format(
      "qat {} --data {} --batch 8 --steps 10 --config {} --out {}", trained, data, config, out));
  ASSERT_EQ(qat.code, 0) << qat.error;
  const nlohmann::json same =
      figures(fmt::format("verify {0} {0} --data {1} --engine plan --step-tolerance 0", out, data));
  EXPECT_GT(same["layers"].size(), 1u);
  EXPECT_EQ(same["max_absolute"], 0);
  EXPECT_GT(figures(fmt::format("verify {} {} --data {} --engine plan", trained, out,
                                data))["max_absolute"],
            0);
}

}  // namespace
}  // namespace octet
