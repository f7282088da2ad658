// octet bench.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class BenchTest : public ProgramTest {
 protected:
  static constexpr const char* kSmall =
      "bench mobilenet_v1 --batch 2 --image-size 32 --classes 5 --width 0.25 --steps 3 "
      "--warm-up 0 --json";
  nlohmann::json bench(const std::string& arguments) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments << "\n" << outcome.error;
    return nlohmann::json::parse(outcome.out, nullptr, false);
  }
  void expect_error(const std::string& arguments, int code, const std::string& message) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, code) << arguments;
    EXPECT_THAT(error_line(outcome), StartsWith("octet: error: " + message)) << arguments;
  }
  // The network that the mode measures, saved and read again.
  NnpModel saved(const std::string& mode, const std::string& more = "") const {
    const std::string path = folder_.path(mode + ".nnp");
    bench(fmt::format("{} --mode {} --save {} {}", kSmall, mode, path, more));
    return read_nnp(path);
  }
  template <class Operation>
  static int64_t count(const Graph& graph) {
    return std::ranges::count_if(graph.topological_order(), [&](FunctionId id) {
      return std::holds_alternative<Operation>(graph.function(id).attributes);
    });
  }
};

TEST_F(BenchTest, TimesEachMode) {
  for (const char* mode :
       {"float", "sim_qnn", "mixed_qnn", "qnn", "infer_float", "infer_sim_qnn", "infer_int8"}) {
    const nlohmann::json figures = bench(fmt::format("{} --mode {}", kSmall, mode));
    EXPECT_EQ(figures["mode"], mode);
    auto seconds = figures["seconds"].get<std::vector<double>>();
    ASSERT_EQ(seconds.size(), 3);
    std::ranges::sort(seconds);
    EXPECT_EQ(figures["seconds_per_step"], seconds[1]);
    EXPECT_GT(seconds[0], 0);
    EXPECT_GT(figures["peak_mb"], 1);
  }
}

TEST_F(BenchTest, TimesTheLoaderToo) {
  const nlohmann::json figures =
      bench(fmt::format("{} --channels 1 --data {} --workers 1", kSmall, make_data()));
  EXPECT_GT(figures["loader_images_per_second"], 0);
  EXPECT_FALSE(bench(kSmall).contains("loader_images_per_second"));
  expect_error(fmt::format("{} --data cifar10:/none", kSmall), 3, "[/none");
}

TEST_F(BenchTest, MeasuresWhatTheModeSays) {
  const Graph plain = saved("infer_float").graph;
  EXPECT_GT(count<BatchNormalization>(plain), 0);
  EXPECT_EQ(count<QuantizeLinear>(plain), 0);
  const Graph simulated = saved("sim_qnn").graph;
  EXPECT_GT(count<BatchNormalization>(simulated), 0);
  EXPECT_GT(count<QuantizeLinear>(simulated), 0);
  // Integer convolutions, float weights to be trained, batch normalization folded.
  const NnpModel integers = saved("qnn");
  EXPECT_GT(count<QuantizedConvolution>(integers.graph), 0);
  EXPECT_EQ(count<BatchNormalization>(integers.graph), 0);
  EXPECT_EQ(integers.parameters->at("block1/pw/conv/w-folded").value.scalar_type(), at::kFloat);
}

TEST_F(BenchTest, InfersWithIntegersForWeights) {
  for (const char* mode : {"infer_sim_qnn", "infer_int8"}) {
    const NnpModel model = saved(mode, "--preset onnxruntime");
    EXPECT_EQ(count<BatchNormalization>(model.graph), 0);
    int64_t stored = 0;
    for (const std::string& name : model.parameters->names()) {
      stored += model.parameters->at(name).value.scalar_type() == at::kChar ? 1 : 0;
    }
    EXPECT_EQ(stored, 28) << mode;  // 27 convolutions and an affine
  }
}

// A network that is quantized already runs as it is, or as integers; both give the same.
TEST_F(BenchTest, TakesAQuantizedNetwork) {
  saved("infer_sim_qnn");
  const std::string simulated = folder_.path("infer_sim_qnn.nnp");
  const std::string lowered = folder_.path("lowered.nnp");
  const std::string options = "--batch 1 --steps 1 --warm-up 0 --json";
  bench(fmt::format("bench {} --mode infer_int8 {} --save {}", simulated, options, lowered));
  EXPECT_GT(count<QuantizedConvolution>(read_nnp(lowered).graph), 0);
  bench(fmt::format("bench {} --mode infer_int8 {}", lowered, options));
  bench(fmt::format("bench {} --mode infer_sim_qnn {}", lowered, options));
  const std::string x = folder_.path("x.npy");
  write_npy(x, at::randn({2, 3, 32, 32}));
  const Outcome outcome =
      octet(fmt::format("verify {} {} --input {} --json", simulated, lowered, x));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  // Sums of an affine in another order, at most.
  EXPECT_LE(nlohmann::json::parse(outcome.out)["max_relative"], 1e-5);
  expect_error(fmt::format("bench {} --mode qnn {}", simulated, options), 2,
               fmt::format("[{}] the network is quantized already, which --mode qnn does not "
                           "measure; infer_sim_qnn and infer_int8 do",
                           simulated));
}

TEST_F(BenchTest, SaysWhatIsWrong) {
  expect_error("bench resnet18 --mode fast", 2, "[command line] --mode: fast not in {");
  expect_error("bench resnet18 --gradients half", 2, "[command line] --gradients: half not in {");
  expect_error(fmt::format("{} --engine reference --gradients float32", kSmall), 2,
               "[--gradients] float32: --engine reference computes in float32");
  expect_error("bench none.nnp", 3, "[none.nnp] neither a file nor a model of the zoo, which has ");
  expect_error(fmt::format("{} --save /none/x.nnp", kSmall), 3,
               "[/none/x.nnp] --save: there is no folder /none");
  expect_error(fmt::format("{} --save {}", kSmall, folder_.path("x.bin")), 3,
               fmt::format("[{}] the extension says no format of a model", folder_.path("x.bin")));
  expect_error(fmt::format("{} --warm-up -1", kSmall), 2, "[command line] --warm-up: ");
}

}  // namespace
}  // namespace octet
