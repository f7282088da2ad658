// --mean and --std: what pixels become before a network sees them.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class PixelsTest : public ProgramTest {
 protected:
  void expect_error(const std::string& arguments, const std::string& message) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(error_line(outcome), "octet: error: " + message) << arguments;
  }

  // Right for an image whose first bright row has the label's number, if a bright pixel is more
  // than `threshold` and a dark one less: the score of class k is the number of pixels of row k
  // above it.
  std::string threshold_network(double threshold) const {
    const std::string path = folder_.path("threshold.nnp");
    const Graph graph = parse_graph(R"(graph net {
  input x: float32 (-1, 1, 8, 8)
  parameter t: float32 (1, 1, 1, 1)
  parameter w: float32 (64, 10)
  h = Greater(x, t)
  y = Affine(h, w)
  output y
})");
    ParameterStore parameters;
    at::Tensor weight = at::zeros({64, 10});
    for (int64_t k = 0; k < 4; ++k) weight.narrow(0, k * 16, 8).select(1, k).fill_(1);
    parameters.set("w", weight, true);
    parameters.set("t", at::full({1, 1, 1, 1}, threshold), false);
    write_nnp(path, graph, parameters);
    return path;
  }
  double top1_error(const std::string& model, const std::string& data,
                    const std::string& more) const {
    const Outcome outcome = octet(fmt::format("eval {} --data {} --json {}", model, data, more));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return nlohmann::json::parse(outcome.out)["top1_error"];
  }
};

// Pixels are 10 and 200: -0.92 and 0.57 unless told otherwise, 0.04 and 0.78 as they are.
TEST_F(PixelsTest, EvalMeasuresOnTheNumbersThatAreAskedFor) {
  const std::string data = make_data();
  const std::string model = threshold_network(0.7);
  EXPECT_EQ(top1_error(model, data, ""), 100);
  EXPECT_EQ(top1_error(model, data, "--mean 0 --std 1"), 0);
  EXPECT_EQ(top1_error(model, data, "--mean 0.5 --std 0.5"), 100);
  EXPECT_EQ(top1_error(model, data, "--mean=-0.5 --std=+1.5"), 0);
}

TEST_F(PixelsTest, TrainQatAndVerifyTakeThem) {
  const std::string data = make_data();
  const std::string pixels = " --mean 0.1 --std 0.3";
  const std::string usual = train_float(data);
  const std::string before = read_file(usual);
  const std::string trained = train_float(data, pixels);
  EXPECT_NE(read_file(trained), before);
  const auto qat = [&](const std::string& more) {
    const std::string out = folder_.path("qat.nnp");
    const Outcome outcome =
        octet(fmt::format("qat {} --data {} --no-augmentation --batch 8 --steps 10 --seed 3 --out "
                          "{} {}",
                          trained, data, out, more));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return read_file(out);
  };
  EXPECT_NE(qat(pixels), qat(""));
  const auto largest = [&](const std::string& more) {
    const Outcome outcome = octet(fmt::format("verify {} {} --data {} --json {}", trained,
                                              folder_.path("qat.nnp"), data, more));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return nlohmann::json::parse(outcome.out)["max_absolute"].get<double>();
  };
  EXPECT_NE(largest(""), largest(pixels));
}

TEST_F(PixelsTest, SaysWhatIsWrong) {
  const std::string eval = fmt::format("eval {} --data {} ", make_network(), make_data());
  expect_error(eval + "--mean 0.5", "[command line] --mean requires --std");
  expect_error(eval + "--std 0.5", "[command line] --std requires --mean");
  expect_error(eval + "--mean a --std 1",
               "[command line] --mean: 'a' is not a list of numbers such as 0.485,0.456,0.406");
  expect_error(eval + "--mean 0,,0 --std 1",
               "[command line] --mean: '0,,0' is not a list of numbers such as 0.485,0.456,0.406");
  expect_error(eval + "--mean nan --std 1",
               "[command line] --mean: 'nan' is not a list of numbers such as 0.485,0.456,0.406");
  expect_error(eval + "--mean 0 --std inf",
               "[command line] --std: 'inf' is not a list of numbers such as 0.485,0.456,0.406");
  expect_error(eval + "--mean 0,0,0 --std 1",
               "[augmentation] mean has 3 values, and the images have 1 channels: give 1 or 1");
  expect_error(eval + "--mean 0 --std 0", "[augmentation] std must be positive: 0");
  expect_error(eval + "--mean 0 --std=-1", "[augmentation] std must be positive: -1");
}

}  // namespace
}  // namespace octet
