// octet run, convert, verify and lint.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"
#include "tests/support/project_paths.h"
#include "tests/support/reference_files.h"

namespace octet {
namespace {

class ModelCommandsTest : public ProgramTest {
 protected:
  ModelCommandsTest() {
    const Graph graph = parse_graph(R"(graph net {
  input x0: float32 (-1, 3)
  parameter w: float32 (3, 4)
  parameter b: float32 (4)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  h = Affine[fc](x0, w, b)
  q = QuantizeLinear(h, s, z)
  d = DequantizeLinear(q, s, z)
  y0 = ReLU[act](d)
  output y0
})");
    parameters_.set("w", at::arange(12).to(at::kFloat).reshape({3, 4}) * 0.1, true);
    parameters_.set("b", at::ones({4}), true);
    parameters_.set("s", at::full({1, 1}, 0.5), false);
    parameters_.set("z", at::zeros({1, 1}), false);
    write_nnp(model_, graph, parameters_);
    parameters_.set("b", at::full({4}, 1.5), true);
    write_nnp(other_, graph, parameters_);
    write_npy(x_, at::ones({2, 3}));
  }
  void expect_error(const std::string& arguments, int code, const std::string& message) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, code) << arguments;
    EXPECT_THAT(error_line(outcome), StartsWith("octet: error: " + message)) << arguments;
  }

  ParameterStore parameters_;
  std::string model_ = folder_.path("a.nnp");
  std::string other_ = folder_.path("b.nnp");
  std::string x_ = folder_.path("x.npy");
  std::string y_ = folder_.path("y.npy");
};

TEST_F(ModelCommandsTest, RunWritesOutputsAndAnyOtherValue) {
  const std::string h = folder_.path("h.npy");
  const Outcome outcome =
      octet(fmt::format("run {} --input {} --output {} --output h={} --json", model_, x_, y_, h));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["outputs"][1], "h (2, 4)");
  // Sums of the columns of w, and 1: 2.2, 2.5, 2.8, 3.1; in steps of 0.5: 2, 2.5, 3, 3.
  EXPECT_TRUE(at::allclose(read_npy(h)[0], at::tensor({2.2F, 2.5F, 2.8F, 3.1F})));
  EXPECT_TRUE(at::equal(read_npy(y_)[1], at::tensor({2.0F, 2.5F, 3.0F, 3.0F})));
  const Outcome named =
      octet(fmt::format("run {} --input x0={} --output y0={}", model_, x_, folder_.path("z.npy")));
  ASSERT_EQ(named.code, 0) << named.error;
  EXPECT_EQ(read_file(folder_.path("z.npy")), read_file(y_));
}

TEST_F(ModelCommandsTest, RunSaysWhatIsWrong) {
  const std::string run = fmt::format("run {}", model_);
  expect_error(fmt::format("{} --input {}", run, x_), 2, "[command line] --output is required");
  expect_error(fmt::format("{} --input a={} --output {}", run, x_, y_), 2,
               "[a] the network has no value of this name");
  expect_error(fmt::format("{} --input h={} --output {}", run, x_, y_), 2,
               "[--input] 'h' is no input of the network, which has x0 (-1, 3)");
  expect_error(fmt::format("{0} --input {1} --input {1} --output {2}", run, x_, y_), 2,
               "[--input] there are more files than inputs, which are x0 (-1, 3)");
  expect_error(fmt::format("{0} --input x0={1} --input x0={1} --output {2}", run, x_, y_), 2,
               "[--input] 'x0' is given twice");
  expect_error(fmt::format("{0} --input {1} --output {2} --output {2}", run, x_, y_), 2,
               "[--output] there are more files than outputs, of which the network has 1");
  expect_error(fmt::format("{} --input none.npy --output {}", run, y_), 3, "[none.npy] ");
  expect_error(fmt::format("{} --input {} --output /none/y.npy", run, x_), 3,
               "[/none/y.npy] --output: there is no folder /none");
  expect_error(fmt::format("{} --input {} --output {} --engine fast", run, x_, y_), 2,
               "[command line] --engine: fast not in {");
  write_npy(x_, at::ones({2, 5}));
  expect_error(fmt::format("{} --input {} --output {}", run, x_, y_), 2,
               "[x0] the input has shape (2, 5), the network expects (-1, 3)");
  EXPECT_FALSE(std::filesystem::exists(y_));
}

TEST_F(ModelCommandsTest, RunFitsElementTypes) {
  const std::string text = folder_.path("ids.txt");
  write_file_atomically(text,
                        "graph g {\n input i: int64 (-1)\n parameter w: float32 (4, 2)\n"
                        " y = Embed(i, w)\n output y\n}\n");
  write_npy(x_, at::tensor({1.0F, 3.0F}));
  EXPECT_EQ(octet(fmt::format("run {} --input {} --output {}", text, x_, y_)).code, 0);
  write_npy(x_, at::tensor({1.5F, 3.0F}));
  expect_error(fmt::format("run {} --input {} --output {}", text, x_, y_), 2,
               fmt::format("[{}] input 'i' is int64, and the file's Float values do not fit", x_));
}

TEST_F(ModelCommandsTest, ConvertKeepsTheNetwork) {
  for (const char* name : {"c.nnp", "c.nntxt"}) {
    const std::string copy = folder_.path(name);
    const Outcome outcome =
        octet(fmt::format("convert {} {} {} --json", model_, copy,
                          copy.ends_with(".nnp") ? "--parameters protobuf" : ""));
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["checked"], true);
    const Outcome same =
        octet(fmt::format("verify {} {} --input {} --tolerance 0 --json", model_, copy, x_));
    EXPECT_EQ(same.code, 0) << same.error;
    EXPECT_EQ(nlohmann::json::parse(same.out)["max_absolute"], 0);
    EXPECT_EQ(nlohmann::json::parse(same.out)["compared_values"], 4);
  }
  const Outcome text = octet(fmt::format("convert {} {}", model_, folder_.path("c.txt")));
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.error, HasSubstr("a text graph holds no parameters; they are left out"));
  EXPECT_THAT(read_file(folder_.path("c.txt")), StartsWith("graph net {"));
  // Nothing stays beside the files.
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path(""))) {
    EXPECT_NE(entry.path().filename().string()[0], '.') << entry.path();
  }
}

// The check after writing finds inputs that are positions and labels, whatever their type.
TEST_F(ModelCommandsTest, ConvertChecksNetworksThatReadIndices) {
  const std::string lookup = folder_.path("lookup.txt");
  write_file_atomically(lookup, R"(graph net {
  input i: float32 (-1, 2)
  input j: float32 (3)
  parameter table: float32 (5, 4)
  rows = Embed(i, table)
  y = Gather(rows, j) {axis=1}
  output y
})");
  const std::string losses = folder_.path("losses.txt");
  write_file_atomically(losses, R"(graph net {
  input x: float32 (-1, 8)
  input labels: float32 (-1, 1)
  loss = SoftmaxCrossEntropy(x, labels) {axis=1}
  p = Softmax(x)
  entropy = CategoricalCrossEntropy(p, labels) {axis=1}
  output loss
  output entropy
})");
  const std::vector<std::string> with_onnx{"c.nnp", "c.nntxt", "c.onnx"};
  const std::vector<std::string> without_onnx{"c.nnp", "c.nntxt"};  // which has no such losses
  std::vector<std::pair<std::string, std::vector<std::string>>> cases{{lookup, with_onnx},
                                                                      {losses, without_onnx}};
  const auto reference = [](const std::string& name) {
    return (reference_dir() / "layers" / name / name).string() + ".nnp";
  };
  if (reference_present()) {
    cases.insert(cases.end(), {{reference("embed"), with_onnx},
                               {reference("gather"), with_onnx},
                               {reference("softmax_cross_entropy"), without_onnx},
                               {reference("categorical_cross_entropy"), without_onnx}});
  }
  for (const auto& [model, files] : cases) {
    for (const std::string& name : files) {
      const Outcome outcome = octet(fmt::format("convert {} {} --json", model, folder_.path(name)));
      ASSERT_EQ(outcome.code, 0) << outcome.error;
      EXPECT_EQ(nlohmann::json::parse(outcome.out)["checked"], true);
    }
  }
}

TEST_F(ModelCommandsTest, ConvertSaysWhatIsWrong) {
  const std::string convert = fmt::format("convert {} ", model_);
  expect_error(convert + folder_.path("c.bin"), 3,
               fmt::format("[{}] the extension says no format of a model; there are .nnp, .nntxt, ",
                           folder_.path("c.bin")));
  expect_error(fmt::format("convert none.nnp {}", folder_.path("c.nnp")), 3,
               "[none.nnp] there is no such file");
  expect_error(convert + "/none/c.nnp", 3, "[/none/c.nnp] OUT: there is no folder /none");
  expect_error(convert + folder_.path("c.nnp") + " --target fast", 2,
               "[command line] --target: fast not in {");
}

TEST_F(ModelCommandsTest, ConvertHoldsTheTargetsRules) {
  const std::string text = folder_.path("narrow.txt");
  write_file_atomically(text, R"(graph net {
  input x: float32 (-1, 3)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  q = QuantizeLinear(x, s, z) {bits=4}
  d = DequantizeLinear(q, s, z)
  y = ReLU[act](d)
  output y
})");
  const std::string out = folder_.path("c.nnp");
  expect_error(fmt::format("convert {} {} --target tensorrt", text, out), 2,
               "[act] target tensorrt: input 'd' is quantized to 4 bits of int8");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ModelCommandsTest, VerifyComparesValueByValue) {
  const Outcome outcome = octet(fmt::format("verify {} {} --input {} --json", model_, other_, x_));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const nlohmann::json figures = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(figures["layers"].size(), 4u);
  EXPECT_EQ(figures["layers"][0]["value"], "h");
  EXPECT_NEAR(figures["layers"][0]["max_absolute"].get<double>(), 0.5, 1e-6);
  EXPECT_NEAR(figures["layers"][0]["max_steps"].get<double>(), 1, 1e-6);
  EXPECT_EQ(figures["layers"][1]["value"], "q");
  EXPECT_EQ(figures["layers"][1]["max_steps"], 1);
  EXPECT_EQ(figures["layers"][2]["max_steps"], 1);
  // 2, 2.5, 3, 3 and 2.5, 3, 3.5, 3.5.
  EXPECT_EQ(figures["max_absolute"], 0.5);
  EXPECT_EQ(figures["differing_percent"], 100);
  EXPECT_NEAR(figures["max_relative"].get<double>(), 0.2, 1e-6);
  EXPECT_EQ(figures["elements"], 8);
  EXPECT_THAT(octet(fmt::format("verify {} {} --input {}", model_, other_, x_)).out,
              HasSubstr("QuantizeLinear"));
}

TEST_F(ModelCommandsTest, AToleranceThatDoesNotHoldIsCode1) {
  const std::string verify = fmt::format("verify {} {} --input {} ", model_, other_, x_);
  expect_error(verify + "--tolerance 0.1", 1,
               "[verify] the largest difference of the outputs, 0.5 is above --tolerance 0.1");
  expect_error(verify + "--relative-tolerance 0.1", 1,
               "[verify] the largest relative difference of the outputs, 0.2 is above "
               "--relative-tolerance 0.1");
  expect_error(verify + "--step-tolerance 0", 1,
               "[verify] the largest difference in quantization steps, 1 is above "
               "--step-tolerance 0");
  expect_error(verify + "--share-tolerance 50", 1,
               "[verify] the share of the outputs' elements that differ, in percent, 100 is above "
               "--share-tolerance 50");
  EXPECT_EQ(octet(verify + "--tolerance 0.5 --step-tolerance 1.001").code, 0);
}

TEST_F(ModelCommandsTest, VerifySaysWhatIsWrong) {
  expect_error(fmt::format("verify {} --input {}", model_, x_), 2,
               "[command line] give either a second model or --with onnxruntime");
  expect_error(fmt::format("verify {} {}", model_, other_), 2,
               "[command line] give either --input or --data");
  const std::string text = folder_.path("two.txt");
  write_file_atomically(text,
                        "graph g {\n input x: float32 (-1, 3)\n y = ReLU(x)\n z = Abs(x)\n"
                        " output y\n output z\n}\n");
  expect_error(fmt::format("verify {} {} --input {}", model_, text, x_), 2,
               "[verify] A has 1 outputs, B has 2");
}

TEST_F(ModelCommandsTest, VerifyOverData) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const Outcome outcome =
      octet(fmt::format("verify {0} {0} --data {1} --tolerance 0 --json", trained, data));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["top1_agreement"], 100);
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["elements"], 400);
}

TEST_F(ModelCommandsTest, ConvertsToOnnxAndBack) {
  const std::string onnx = folder_.path("c.onnx");
  const Outcome there = octet(fmt::format("convert {} {} --opset 13 --json", model_, onnx));
  ASSERT_EQ(there.code, 0) << there.error;
  EXPECT_EQ(nlohmann::json::parse(there.out)["checked"], true);
  const std::string back = folder_.path("d.nnp");
  const Outcome again = octet(fmt::format("convert {} {}", onnx, back));
  ASSERT_EQ(again.code, 0) << again.error;
  for (const std::string& copy : {onnx, back}) {
    const Outcome same =
        octet(fmt::format("verify {} {} --input {} --tolerance 1e-6", model_, copy, x_));
    EXPECT_EQ(same.code, 0) << same.error;
  }
  EXPECT_EQ(octet(fmt::format("run {} --input x0={} --output y0={}", onnx, x_, y_)).code, 0);
  EXPECT_TRUE(at::equal(read_npy(y_)[1], at::tensor({2.0F, 2.5F, 3.0F, 3.0F})));
  EXPECT_EQ(octet(fmt::format("lint {} --target tensorrt --strict", onnx)).code, 1);
  EXPECT_EQ(octet(fmt::format("inspect {}", onnx)).code, 0);
}

TEST_F(ModelCommandsTest, DeployStoresIntegers) {
  const Graph graph = parse_graph(R"(graph net {
  input x0: float32 (-1, 3)
  parameter w: float32 (3, 4)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  q = QuantizeLinear(w, s, z)
  d = DequantizeLinear(q, s, z)
  y0 = Affine[fc](x0, d)
  output y0
})");
  write_nnp(model_, graph, parameters_);
  for (const char* name : {"deployed.nnp", "deployed.onnx"}) {
    const std::string out = folder_.path(name);
    const Outcome outcome = octet(fmt::format("convert {} {} --deploy", model_, out));
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_THAT(octet(fmt::format("inspect --graph {}", out)).out, HasSubstr("int8 (3, 4)"));
    EXPECT_EQ(octet(fmt::format("verify {} {} --input {} --tolerance 0", model_, out, x_)).code, 0);
    // What is stored as integers already is written as it is.
    const std::string again = folder_.path(fmt::format("again_{}", name));
    EXPECT_EQ(octet(fmt::format("convert {} {} --deploy", out, again)).code, 0);
    EXPECT_EQ(octet(fmt::format("verify {} {} --input {} --tolerance 0", out, again, x_)).code, 0);
  }
  const std::string text = folder_.path("float.txt");
  write_file_atomically(text, "graph g {\n input x: float32 (-1, 3)\n y = ReLU(x)\n output y\n}\n");
  expect_error(fmt::format("convert {} {} --deploy", text, folder_.path("c.onnx")), 2,
               "[--deploy] no weight of the network is quantized");
}

TEST_F(ModelCommandsTest, OnnxIsQuantizedAndEvaluated) {
  const std::string data = make_data();
  const std::string onnx = folder_.path("float.onnx");
  ASSERT_EQ(octet(fmt::format("convert {} {}", train_float(data), onnx)).code, 0);
  const Outcome eval = octet(fmt::format("eval {} --data {} --json", onnx, data));
  ASSERT_EQ(eval.code, 0) << eval.error;
  EXPECT_EQ(nlohmann::json::parse(eval.out)["top1_error"], 0);
  const Outcome qat = octet(fmt::format(
      "qat {} --data {} --no-augmentation --batch 8 --steps 20 --preset onnxruntime --out {} "
      "--deploy {} --metrics {}",
      onnx, data, folder_.path("qat.onnx"), folder_.path("deployed.onnx"),
      folder_.path("metrics.json")));
  ASSERT_EQ(qat.code, 0) << qat.error;
  const Outcome same =
      octet(fmt::format("verify {} {} --data {} --tolerance 0 --json", folder_.path("qat.onnx"),
                        folder_.path("deployed.onnx"), data));
  EXPECT_EQ(same.code, 0) << same.error;
  EXPECT_EQ(metrics()["top1_error_float"], 0);
}

TEST_F(ModelCommandsTest, VerifyWithOnnxRuntime) {
  setenv("OCTET_PYTHON", onnx_python().c_str(), 0);
  const std::string onnx = folder_.path("c.onnx");
  ASSERT_EQ(octet(fmt::format("convert {} {}", model_, onnx)).code, 0);
  for (const std::string& path : {model_, onnx}) {
    const Outcome outcome = octet(
        fmt::format("verify {} --with onnxruntime --input {} --tolerance 1e-6 --json", path, x_));
    if (outcome.error.find("has no onnxruntime") != std::string::npos) {
      GTEST_SKIP() << outcome.error;
    }
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["elements"], 8);
  }
}

TEST_F(ModelCommandsTest, VerifyWithoutOnnxRuntimeSaysSo) {
  const char* before = std::getenv("OCTET_PYTHON");
  const std::string kept = before == nullptr ? "" : before;
  setenv("OCTET_PYTHON", "/none/python", 1);
  expect_error(fmt::format("verify {} --with onnxruntime --input {}", model_, x_), 4,
               "[--with] the Python interpreter '/none/python' does not start; OCTET_PYTHON names "
               "another");
  if (before == nullptr) {
    unsetenv("OCTET_PYTHON");
  } else {
    setenv("OCTET_PYTHON", kept.c_str(), 1);
  }
}

TEST_F(ModelCommandsTest, LintExplainsAndFinds) {
  const Outcome fine = octet(fmt::format("lint {} --target default --json", model_));
  ASSERT_EQ(fine.code, 0) << fine.error;
  const nlohmann::json figures = nlohmann::json::parse(fine.out);
  EXPECT_EQ(figures["findings"], 0);
  EXPECT_EQ(figures["layers"][0]["state"], "float");
  EXPECT_EQ(figures["layers"][1]["why"], "x int8");
  EXPECT_EQ(octet(fmt::format("lint {} --target tensorrt", model_)).code, 0);
  const Outcome found = octet(fmt::format("lint {} --target tensorrt --strict", model_));
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.out, HasSubstr("advice: act: [fusion] target tensorrt: a Q/DQ pair stands "
                                   "between 'fc' and this ReLU"));
  EXPECT_EQ(error_line(found), "octet: error: [" + model_ +
                                   "] departures from the rules of tensorrt: 1, of which it "
                                   "refuses 0");
  expect_error(fmt::format("lint {}", model_), 2, "[command line] --target is required");
}

// Not quantized at all: as far from what the target wants as a network can be.
TEST_F(ModelCommandsTest, LintFindsFaultWithAFloatNetwork) {
  const std::string text = folder_.path("float.txt");
  write_file_atomically(text, "graph g {\n input x: float32 (-1, 3)\n y = ReLU(x)\n output y\n}\n");
  for (const char* target : {"default", "tensorrt", "onnxruntime", "nnabla"}) {
    const Outcome outcome = octet(fmt::format("lint {} --target {} --json", text, target));
    EXPECT_EQ(outcome.code, 1);
    const nlohmann::json figures = nlohmann::json::parse(outcome.out);
    ASSERT_EQ(figures["findings"], 1);
    EXPECT_EQ(figures["refused"], 1);
    EXPECT_EQ(figures["list"][0]["rule"], "float-network");
    EXPECT_EQ(figures["list"][0]["message"],
              fmt::format("target {}: nothing in the network is quantized, so all of it runs in "
                          "float",
                          target));
  }
}

// The layer that skip_outputs_layers leaves float reads what recorder_position BOTH quantized.
TEST_F(ModelCommandsTest, LintOfOutputsThatAreRecorded) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string config = folder_.path("qat.toml");
  write_file_atomically(config,
                        "bn_folding = true\nrecorder_position = \"BOTH\"\ndtype = \"uint8\"\n"
                        "zero_point = true\nskip_inputs_layers = []\n");
  const std::string out = folder_.path("both.nnp");
  const Outcome qat = octet(fmt::format(
      "qat {} --data {} --batch 8 --steps 10 --config {} --out {}", trained, data, config, out));
  ASSERT_EQ(qat.code, 0) << qat.error;
  const Outcome lint = octet(fmt::format("lint {} --target onnxruntime", out));
  EXPECT_EQ(lint.code, 0) << lint.out;
  EXPECT_THAT(lint.out, HasSubstr("skip_outputs_layers: the last of its type; x uint8, weight "
                                  "float, bias float"));
}

TEST_F(ModelCommandsTest, InspectListsTheFunctions) {
  const Outcome outcome = octet("inspect --functions");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("Convolution\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\nSoftmaxCrossEntropy\n"));
  EXPECT_THAT(octet("inspect --onnx-operators").out, HasSubstr("\nConvTranspose\n"));
  expect_error("inspect", 2, "[command line] model is required");
}

}  // namespace
}  // namespace octet
