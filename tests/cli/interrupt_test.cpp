// Trainings that are stopped, and resumes that find nothing to do.
#include <csignal>

#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class InterruptTest : public ProgramTest {
 protected:
  // Starts the command, sends SIGTERM when `file` is there, and waits.
  Outcome terminated(const std::string& arguments, const std::string& file) const {
    const std::string errors = folder_.path("errors");
    Outcome outcome = octet(fmt::format(
        "{} >/dev/null 2>{} & child=$!; while [ ! -e {} ] && kill -0 $child; do sleep 0.01; done; "
        "kill -TERM $child; wait $child",
        arguments, errors, file));
    outcome.error = read_file(errors);
    return outcome;
  }
};

TEST_F(InterruptTest, ASignalLeavesACheckpointThatGoesOnToTheSameBits) {
  const std::string data = make_data();
  const std::string out = folder_.path("out.nnp");
  const std::string checkpoint = folder_.path("c");
  const std::string common = fmt::format(
      "train {} --data {} --no-augmentation --batch 8 --lr 0.05 --seed 3 --schedule "
      "constant --out {} --checkpoint {}",
      make_network(), data, out, checkpoint);
  const Outcome stopped = terminated(common + " --steps 2000000 --checkpoint-every 7", checkpoint);
  EXPECT_EQ(stopped.code, 128 + SIGTERM) << stopped.error;
  const std::string line = error_line(stopped);
  EXPECT_THAT(line, StartsWith("octet: [" + checkpoint + "] stopped by SIGTERM behind step "));
  EXPECT_THAT(line, EndsWith(" of 2000000; the same command with --resume goes on"));
  EXPECT_FALSE(std::filesystem::exists(out));
  const size_t number = line.find("behind step ") + 12;
  const int64_t steps = std::stoll(line.substr(number)) + 3;
  const Outcome rest = octet(fmt::format("{} --resume --steps {}", common, steps));
  ASSERT_EQ(rest.code, 0) << rest.error;
  const std::string resumed = read_file(out);
  ASSERT_EQ(octet(fmt::format("{} --steps {}", common, steps)).code, 0);
  EXPECT_EQ(read_file(out), resumed);
}

TEST_F(InterruptTest, WithoutACheckpointASignalEndsTheProcess) {
  const std::string data = make_data();
  const std::string errors = folder_.path("errors");
  const Outcome killed = octet(fmt::format(
      "train {} --data {} --batch 8 --steps 2000000 --out {} >/dev/null 2>{} & child=$!; sleep 2; "
      "kill -TERM $child; wait $child",
      make_network(), data, folder_.path("x.nnp"), errors));
  EXPECT_EQ(killed.code, 128 + SIGTERM);
  EXPECT_THAT(read_file(errors), ::testing::Not(HasSubstr("--resume")));
}

TEST_F(InterruptTest, AResumeBeyondItsEndIsAnErrorAndOneAtItsEndSaysSo) {
  const std::string data = make_data();
  const std::string out = folder_.path("out.nnp");
  const std::string checkpoint = folder_.path("c");
  const std::string common = fmt::format("train {} --data {} --batch 8 --out {} --checkpoint {} ",
                                         make_network(), data, out, checkpoint);
  ASSERT_EQ(octet(common + "--steps 20").code, 0);
  const std::string whole = read_file(out);
  std::filesystem::remove(out);
  const Outcome fewer = octet(common + "--steps 5 --resume");
  EXPECT_EQ(fewer.code, 2);
  EXPECT_EQ(error_line(fewer), "octet: error: [" + checkpoint +
                                   "] the checkpoint is at step 20, beyond the 5 steps asked for; "
                                   "ask for more (--steps, --epochs)");
  EXPECT_FALSE(std::filesystem::exists(out));
  const Outcome same =
      octet(common + "--steps 20 --resume --json --metrics " + folder_.path("metrics.json"));
  ASSERT_EQ(same.code, 0) << same.error;
  EXPECT_THAT(same.error, HasSubstr("[" + checkpoint +
                                    "] the training is at its end, step 20: nothing is left to "
                                    "train"));
  EXPECT_EQ(read_file(out), whole);
  EXPECT_EQ(metrics()["steps"], 0);
  EXPECT_TRUE(metrics()["loss"].is_null());
}

}  // namespace
}  // namespace octet
