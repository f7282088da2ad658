// A training that goes on from a .nnp.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/qat/small_job.h"

namespace octet {
namespace {

// The .nnp alone is enough to go on to the same bits, in each stage.
TEST(TrainingState, GoesOnFromASavedFile) {
  const std::string path = (std::filesystem::temp_directory_path() /
                            fmt::format("octet_qat_training_{}.nnp", ::getpid()))
                               .string();
  QATConfig learned = short_config();
  learned.recorder_activation = RecorderSpec::learned();
  learned.learning_rate_scale = 0.5;
  for (const QATConfig& config : {short_config(), learned}) {
    Job straight(config);
    straight.steps(12);
    for (const int64_t before : {2, 4, 7}) {
      SCOPED_TRACE(fmt::format("{} after {}", config_to_toml(config), before));
      Job first(config);
      first.steps(before);
      first.qat.save(path, first.nets.vimage, {.training_state = true});
      Job second;  // the configuration comes back, too
      second.qat.load(path);
      EXPECT_EQ(second.qat.state(), first.qat.state());
      EXPECT_EQ(second.qat.counter(), before);
      second.steps(12 - before);
      for (const std::string& name : straight.nets.parameters->names()) {
        EXPECT_TRUE(at::equal(second.nets.parameters->at(name).value,
                              straight.nets.parameters->at(name).value))
            << name;
      }
      EXPECT_TRUE(at::equal(second.nets.validate(), straight.nets.validate()));
    }
  }
  std::filesystem::remove(path);
}

TEST(TrainingState, SaysWhatCannotBeTrainedOn) {
  const std::string path = (std::filesystem::temp_directory_path() /
                            fmt::format("octet_qat_no_training_{}.nnp", ::getpid()))
                               .string();
  Job other;
  other.steps(7);
  EXPECT_EQ(
      error_of([&] { other.qat.save("a.onnx", other.nets.vimage, {.training_state = true}); }),
      "[QATScheduler] training_state = true: a .onnx file cannot be trained on");
  EXPECT_EQ(error_of([&] {
              other.qat.save(path, other.nets.vimage, {.deploy = true, .training_state = true});
            }),
            "[QATScheduler] training_state = true: a deployed network cannot be trained on");
  other.qat.save(path, other.nets.vimage);
  Job last;
  EXPECT_EQ(error_of([&] { last.qat.load(path); }),
            "[" + path + "] holds no state of a training; save it with training_state = true");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace octet
