// The three precision modes on real images: the same accuracy, and the deployed file has it, too.
#include "octet/train/open_dataset.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class PrecisionModes : public ProgramTest {
 protected:
  // Top-1 error in percent that the program reports.
  double error_of(const std::string& arguments) const {
    const Outcome outcome =
        octet(fmt::format("{} --data fashion-mnist --max-examples 4000 --workers 1 --metrics {}",
                          arguments, folder_.path("metrics.json")));
    EXPECT_EQ(outcome.code, 0) << arguments << "\n" << outcome.error;
    return metrics().value("top1_error", -1.0);
  }
};

TEST_F(PrecisionModes, ReachTheSameErrorOnFashionMnist) {
  try {
    open_dataset("fashion-mnist", DataSplit::kTraining);
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const std::string start = folder_.path("float.nnp");
  const double float_error =
      error_of("train mobilenet_v1 --width 0.25 --steps 120 --lr 0.05 --out " + start);
  ASSERT_LT(float_error, 60) << "the float network has learnt nothing";
  double simulated = 0;
  for (const std::string mode : {"SIM_QNN", "QNN", "MIXED_QNN"}) {
    write_file_atomically(folder_.path("qat.toml"),
                          fmt::format("precision_mode = \"{}\"\nbn_folding = true\n"
                                      "bn_self_folding = true\nskip_bias = false\n"
                                      "skip_inputs_layers = []\nskip_outputs_layers = []\n",
                                      mode));
    const std::string trained = folder_.path(mode + ".nnp");
    const std::string deployed = folder_.path(mode + "-deployed.nnp");
    const double error = error_of(
        fmt::format("qat {} --config {} --steps 40 --recording-steps 10 --lr 0.01 --out {} "
                    "--deploy {}",
                    start, folder_.path("qat.toml"), trained, deployed));
    if (mode == "SIM_QNN") simulated = error;
    EXPECT_NEAR(error, simulated, 0.2) << mode;
    EXPECT_LT(error, float_error + 5) << mode << " has unlearnt what the float network knew";
    EXPECT_EQ(error_of("eval " + trained), error) << mode;
    EXPECT_EQ(error_of("eval " + deployed), error) << mode;
  }
}

}  // namespace
}  // namespace octet
