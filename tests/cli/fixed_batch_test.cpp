// Files whose batch size is that of an exporter's example, on batches of other sizes.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"
#include "tests/support/onnx_model_builder.h"

namespace octet {
namespace {

class FixedBatchTest : public ProgramTest {
 protected:
  FixedBatchTest() {
    for (const auto& [name, shape] : std::map<std::string, std::vector<int64_t>>{
             {"w", {4, 1, 3, 3}}, {"fc", {256, 10}}, {"mixed", {512, 10}}}) {
      RandomState random(1);
      parameters_.set(name, at::randn(shape, random.generator(c10::kCPU)) * 0.1, true);
    }
    write_npy(x_, at::rand({5, 1, 8, 8}));
  }

  // As an exporter writes it: the batch of its example in the input and in a Reshape.
  std::string exported(const std::string& name, const std::string& reshape = "(1, 256)",
                       const std::string& weight = "fc: float32 (256, 10)",
                       const std::string& batch = "1") const {
    const std::string path = folder_.path(name);
    const Graph graph =
        parse_graph(fmt::format(R"(graph net {{
  input x: float32 ({}, 1, 8, 8)
  parameter w: float32 (4, 1, 3, 3)
  parameter {}
  h = Convolution[conv](x, w) {{pad=(1, 1)}}
  f = Reshape[flatten](h) {{shape={}}}
  y = Affine[fc](f, {})
  output y
}})",
                                batch, weight, reshape, weight.substr(0, weight.find(':'))));
    if (name.ends_with(".onnx")) {
      write_onnx(path, graph, parameters_, {.variable_batch_size = false});
    } else {
      write_nnp(path, graph, parameters_, {.batch_size = 1, .variable_batch_size = false});
    }
    return path;
  }
  Outcome expect_done(const std::string& arguments) const {
    Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments << "\n" << outcome.error;
    return outcome;
  }
  void expect_error(const std::string& arguments, const std::string& message) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(error_line(outcome), "octet: error: " + message) << arguments;
  }

  ParameterStore parameters_;
  std::string x_ = folder_.path("x.npy");
  std::string y_ = folder_.path("y.npy");
};

TEST_F(FixedBatchTest, EvalRunAndVerifyTakeAnyBatch) {
  const std::string data = make_data();
  const std::string free = exported("free.nnp", "(-1, 256)", "fc: float32 (256, 10)", "-1");
  const std::string model = exported("fixed.onnx");
  EXPECT_THAT(octet(fmt::format("inspect --graph {}", model)).out, HasSubstr("(1, 1, 8, 8)"));
  const auto error = [&](const std::string& path, int batch) {
    return nlohmann::json::parse(
        expect_done(fmt::format("eval {} --data {} --batch {} --json", path, data, batch)).out);
  };
  EXPECT_EQ(error(model, 7)["top1_error"], error(free, 7)["top1_error"]);
  EXPECT_EQ(error(model, 1)["top1_error"], error(free, 7)["top1_error"]);
  for (const char* engine : {"plan", "reference"}) {
    expect_done(fmt::format("run {} --input {} --output {} --engine {}", model, x_, y_, engine));
    EXPECT_EQ(read_npy(y_).sizes().vec(), (std::vector<int64_t>{5, 10}));
  }
  for (const std::string& input : {"--input " + x_, "--data " + data + " --batch 16"}) {
    expect_done(fmt::format("verify {} {} {} --tolerance 1e-5", model, free, input));
    expect_done(fmt::format("verify {} {} {} --tolerance 1e-5", free, model, input));
  }
  expect_done(fmt::format("bench {} --mode infer_float --batch 3 --steps 1 --warm-up 0", model));
}

TEST_F(FixedBatchTest, OnnxRuntimeGetsTheFreedNetwork) {
  setenv("OCTET_PYTHON", onnx_python().c_str(), 0);
  const Outcome outcome = octet(fmt::format(
      "verify {} --with onnxruntime --input {} --tolerance 1e-5", exported("fixed.onnx"), x_));
  if (outcome.error.find("has no onnxruntime") != std::string::npos) {
    GTEST_SKIP() << outcome.error;
  }
  EXPECT_EQ(outcome.code, 0) << outcome.error;
}

// A Reshape that puts two images into one row.
TEST_F(FixedBatchTest, ANetworkThatNeedsItsBatchSizeSaysSo) {
  const std::string model = exported("mixed.onnx", "(1, 512)", "mixed: float32 (512, 10)", "2");
  const auto message = [&](int batch) {
    return fmt::format(
        "[{}] the network takes batches of 2 alone, not of {}, because of layer 'flatten' "
        "([Reshape] ({}, 4, 8, 8) does not fit into the shape (1, 512)); export it with a free "
        "batch size",
        model, batch, batch);
  };
  expect_error(fmt::format("run {} --input {} --output {}", model, x_, y_), message(5));
  expect_error(fmt::format("verify {0} {0} --input {1}", model, x_), message(5));
  const std::string data = make_data();
  expect_error(fmt::format("eval {} --data {} --batch 4", model, data), message(4));
  for (const char* command : {"train", "qat"}) {
    expect_error(fmt::format("{} {} --data {} --batch 4 --steps 4 --out {}", command, model, data,
                             folder_.path("t.nnp")),
                 message(4));
  }
  write_npy(x_, at::rand({2, 1, 8, 8}));
  expect_done(fmt::format("run {} --input {} --output {}", model, x_, y_));
}

// The input is free, a Reshape is not.
TEST_F(FixedBatchTest, AReshapeThatFixesTheBatchIsNamed) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 1, 8, 8})
      .weight("w", parameters_.at("w").value.detach())
      .weight("shape", at::tensor({3, 256}, at::kLong))
      .weight("fc", parameters_.at("fc").value.detach())
      .node("Conv", {"x", "w"}, {"h"}, {ints("pads", {1, 1, 1, 1})})
      .node("Reshape", {"h", "shape"}, {"f"})
      .node("Gemm", {"f", "fc"}, {"y"})
      .output("y");
  const std::string model = folder_.path("half.onnx");
  write_file_atomically(model, builder.bytes());
  const std::string data = make_data();
  for (const char* command : {"train", "qat"}) {
    expect_error(fmt::format("{} {} --data {} --batch 4 --steps 4 --out {}", command, model, data,
                             folder_.path("t.nnp")),
                 fmt::format("[{}] the network takes no batches of 4, because of layer 'the f' "
                             "([Reshape] (4, 4, 8, 8) does not fit into the shape (3, 256)); "
                             "export it with a free batch size",
                             model));
  }
}

TEST_F(FixedBatchTest, TrainAndQatTakeAnyBatch) {
  const std::string data = make_data();
  for (const char* command : {"train", "qat --recording-steps 1"}) {
    expect_done(fmt::format("{} {} --data {} --batch 3 --steps 3 --out {}", command,
                            exported("fixed.onnx"), data, folder_.path("t.nnp")));
  }
}

}  // namespace
}  // namespace octet
