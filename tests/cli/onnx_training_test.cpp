// Training that goes on from .onnx files.
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class OnnxTrainingTest : public ProgramTest {
 protected:
  void expect_done(const std::string& arguments) const {
    const Outcome outcome = octet(arguments);
    ASSERT_EQ(outcome.code, 0) << arguments << "\n" << outcome.error;
  }
  double qat(const std::string& in, const std::string& data, const std::string& out) const {
    expect_done(fmt::format(
        "qat {} --data {} --no-augmentation --preset onnxruntime --steps 20 --recording-steps 4 "
        "--batch 8 --lr 0.05 --seed 3 --out {}.nnp --deploy {}.onnx --metrics {}",
        in, data, out, out, folder_.path("metrics.json")));
    return metrics()["loss"];
  }
};

// The same network in another file: the same training.
TEST_F(OnnxTrainingTest, QatGoesOnAsFromTheNetworksOwnFile) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string exported = folder_.path("float.onnx");
  expect_done(fmt::format("convert {} {}", trained, exported));
  const std::string own = folder_.path("own");
  const std::string other = folder_.path("other");
  const double loss = qat(trained, data, own);
  // Parameters are the same floats; a Gemm may sum in another order.
  EXPECT_NEAR(qat(exported, data, other), loss, 1e-4 * loss);
  EXPECT_EQ(metrics()["top1_error_float"], 0);
  EXPECT_EQ(metrics()["top1_error"], 0);
  for (const std::string& name : {own, other}) {
    const Outcome outcome = octet(fmt::format("eval {}.onnx --data {} --json", name, data));
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["top1_error"], 0) << name;
  }
}

// Exporters write the batch size of their example, and pooling as the last layer.
TEST_F(OnnxTrainingTest, FixedBatchAndPooledScores) {
  const std::string data = make_data();
  const std::string text = folder_.path("pooled.txt");
  write_file_atomically(text, R"(graph pooled {
  input x: float32 (1, 1, 8, 8)
  parameter conv1/W: float32 (8, 1, 3, 3)
  parameter conv2/W: float32 (10, 8, 8, 8)
  h = Convolution[conv1](x, conv1/W) {pad=(1, 1)}
  r = ReLU(h)
  s = Convolution[conv2](r, conv2/W)
  y = GlobalAveragePooling(s)
  output y
}
)");
  const std::string exported = folder_.path("pooled.onnx");
  expect_done(fmt::format("convert {} {}", text, exported));
  expect_done(
      fmt::format("train {} --data {} --no-augmentation --batch 8 --steps 30 --lr 0.05 "
                  "--out {}",
                  exported, data, folder_.path("trained.onnx")));
  qat(folder_.path("trained.onnx"), data, folder_.path("quantized"));
  EXPECT_EQ(metrics()["top1_error"], 0);
}

}  // namespace
}  // namespace octet
