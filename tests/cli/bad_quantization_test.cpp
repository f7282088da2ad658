// Networks whose quantization cannot be right, given to each subcommand: one clear line.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class BadQuantizationTest : public ProgramTest {
 protected:
  BadQuantizationTest() {
    parameters_.set("w", at::ones({64, 4}), true);
    parameters_.set("s", at::full({1, 1}, 0.5), false);
    parameters_.set("t", at::full({1, 1}, 0.5), false);
    parameters_.set("z", at::zeros({1, 1}), false);
    write_npy(x_, at::ones({2, 1, 8, 8}));
  }
  void write() const {
    write_nnp(model_, parse_graph(R"(graph net {
  input x0: float32 (-1, 1, 8, 8)
  parameter w: float32 (64, 4)
  parameter s: float32 (1, 1)
  parameter t: float32 (1, 1)
  parameter z: float32 (1, 1)
  h = Affine[fc](x0, w)
  q = QuantizeLinear(h, s, z)
  d = DequantizeLinear(q, t, z)
  output d
})"),
              parameters_);
  }
  std::vector<std::string> commands() const {
    return {fmt::format("eval {} --data {}", model_, make_data()),
            fmt::format("run {} --input {} --output {}", model_, x_, folder_.path("y.npy")),
            fmt::format("lint {} --target onnxruntime", model_),
            fmt::format("qat {} --data {} --steps 2 --out {}", model_, make_data(),
                        folder_.path("out.nnp"))};
  }

  ParameterStore parameters_;
  std::string model_ = folder_.path("net.nnp");
  std::string x_ = folder_.path("x.npy");
};

TEST_F(BadQuantizationTest, AScaleOfZeroIsABadFile) {
  parameters_.set("s", at::zeros({1, 1}), false);
  write();
  for (const std::string& command : commands()) {
    const Outcome outcome = octet(command);
    EXPECT_EQ(outcome.code, 3) << command;
    EXPECT_EQ(
        error_line(outcome),
        fmt::format("octet: error: [{}] the scale 's' of 'q' is 0, not a positive number", model_));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path("y.npy")));
}

TEST_F(BadQuantizationTest, AnEditedScaleIsAWarning) {
  parameters_.set("t", at::full({1, 1}, 0.75), false);
  write();
  const Outcome outcome =
      octet(fmt::format("run {} --input {} --output {}", model_, x_, folder_.path("y.npy")));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.error, HasSubstr("'q' is made with scale 0.5 and zero point 0 and read by d "
                                       "with scale 0.75 and zero point 0: their numbers differ"));
}

TEST_F(BadQuantizationTest, NaNIsNamedWhereItIsQuantized) {
  write();
  at::Tensor x = at::ones({2, 1, 8, 8});
  x[0][0][0][0] = std::nan("");
  write_npy(x_, x);
  const Outcome outcome =
      octet(fmt::format("run {} --input {} --output {}", model_, x_, folder_.path("y.npy")));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(error_line(outcome), "octet: error: [q] 4 of 8 values are NaN or infinite");
}

TEST_F(BadQuantizationTest, QatOfNothing) {
  const std::string text = folder_.path("nothing.txt");
  write_file_atomically(text, R"(graph nothing {
  input x: float32 (-1, 1, 8, 8)
  parameter fc/W: float32 (64, 4)
  y = Affine[fc](x, fc/W)
  output y
}
)");
  const Outcome outcome =
      octet(fmt::format("qat {} --data {} --steps 8 --recording-steps 2 --batch "
                        "4 --out {}",
                        text, make_data(), folder_.path("out.nnp")));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(error_line(outcome), HasSubstr("has nothing to quantize: record_layers, include"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("out.nnp")));
}

}  // namespace
}  // namespace octet
