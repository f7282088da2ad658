#include "octet/train/checkpoint.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/formats/archive.h"
#include "octet/formats/file_io.h"
#include "octet/train/adam.h"

namespace octet {
namespace {

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("octet_checkpoint_{}_{}", test->name(), ::getpid());
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "at.checkpoint").string();
  }
  ~CheckpointTest() override { std::filesystem::remove_all(folder_); }

  // The message of the FileError that load_checkpoint throws, without the path.
  std::string load_error() const {
    try {
      load_checkpoint(path_);
    } catch (const FileError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find(path_), std::string::npos) << message;
      const size_t end = message.find("] ");
      return end == std::string::npos ? message : message.substr(end + 2);
    }
    return "";
  }
  // Writes `members` as the checkpoint.
  void write(const std::vector<ArchiveMember>& members) const {
    write_file_atomically(path_, format_zip(members));
  }

  std::filesystem::path folder_;
  std::string path_;
};

Checkpoint full_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.step = 1234;
  checkpoint.parameters = {{"conv1/conv/W", at::rand({2, 3}), true},
                           {"conv1/bn/mean", at::rand({2}, at::kDouble), false},
                           {"scalar", at::tensor(7, at::kInt).reshape({}), false},
                           {"empty", at::zeros({0, 3}), false}};
  checkpoint.solver = {
      "Adam",
      0.1 / 3,
      0.1,
      {{"conv1/conv/W", {17, {{"mean", at::rand({2, 3})}, {"var", at::rand({2, 3})}}}}}};
  checkpoint.scheduler = R"({"stage":"TRAINING","counter":5})";
  checkpoint.random_states = {{"network", std::string("\0\xff\n bytes", 9)}};
  checkpoint.data_loader = {3, 77};
  checkpoint.weight_average = WeightAverage::State{9, {{"conv1/conv/W", at::rand({2, 3})}}};
  checkpoint.texts = {{"graph", "net: \"quoted\"\n"}};
  return checkpoint;
}

void expect_equal(const std::map<std::string, at::Tensor>& a,
                  const std::map<std::string, at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    ASSERT_EQ(b.count(name), 1u) << name;
    EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
  }
}

TEST_F(CheckpointTest, GivesEverythingBack) {
  const Checkpoint saved = full_checkpoint();
  save_checkpoint(path_, saved);
  const Checkpoint loaded = load_checkpoint(path_);
  EXPECT_EQ(loaded.step, saved.step);
  ASSERT_EQ(loaded.parameters.size(), saved.parameters.size());
  for (size_t i = 0; i < saved.parameters.size(); ++i) {
    const Parameter& a = saved.parameters[i];
    const Parameter& b = loaded.parameters[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.need_grad, b.need_grad);
    EXPECT_EQ(a.value.scalar_type(), b.value.scalar_type());
    EXPECT_TRUE(at::equal(a.value, b.value)) << a.name;
  }
  EXPECT_EQ(loaded.solver.solver, saved.solver.solver);
  EXPECT_EQ(loaded.solver.learning_rate, saved.solver.learning_rate);
  EXPECT_EQ(loaded.solver.initial_learning_rate, saved.solver.initial_learning_rate);
  const ParameterState& state = loaded.solver.parameters.at("conv1/conv/W");
  EXPECT_EQ(state.step, 17);
  expect_equal(state.tensors, saved.solver.parameters.at("conv1/conv/W").tensors);
  EXPECT_EQ(loaded.scheduler, saved.scheduler);
  EXPECT_EQ(loaded.random_states, saved.random_states);
  EXPECT_EQ(loaded.data_loader, saved.data_loader);
  ASSERT_TRUE(loaded.weight_average.has_value());
  EXPECT_EQ(loaded.weight_average->updates, 9);
  expect_equal(loaded.weight_average->averages, saved.weight_average->averages);
  EXPECT_EQ(loaded.texts, saved.texts);
}

TEST_F(CheckpointTest, LeavesOutTheAverageWhereThereIsNone) {
  save_checkpoint(path_, {});
  EXPECT_FALSE(load_checkpoint(path_).weight_average.has_value());
}

// A made-up training: noise from a random state, Adam, stopped and resumed in the middle.
class Training {
 public:
  Training() : store_(1), random_(5), solver_({.learning_rate = 0.05}) {
    store_.set("w", at::arange(8, at::kFloat), true);
    solver_.set_parameters(store_);
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      const at::Tensor noise = at::rand({8}, random_.generator(at::kCPU));
      solver_.zero_grad();
      (store_.at("w").value * noise).square().sum().backward();
      solver_.update();
    }
  }
  void save(const std::string& path) const {
    Checkpoint checkpoint;
    checkpoint.parameters = copy_parameters(store_);
    checkpoint.solver = solver_.state();
    checkpoint.random_states["noise"] = random_.save();
    save_checkpoint(path, checkpoint);
  }
  void load(const std::string& path) {
    const Checkpoint checkpoint = load_checkpoint(path);
    restore_parameters(checkpoint.parameters, store_);
    solver_.set_state(checkpoint.solver);
    random_.load(checkpoint.random_states.at("noise"));
  }
  at::Tensor weights() const { return store_.at("w").value.detach(); }

 private:
  ParameterStore store_;
  RandomState random_;
  Adam solver_;
};

TEST_F(CheckpointTest, TrainingGoesOnBitForBit) {
  Training whole;
  whole.run(3);
  whole.save(path_);
  whole.run(4);
  Training resumed;
  resumed.run(1);
  resumed.load(path_);
  resumed.run(4);
  EXPECT_TRUE(at::equal(whole.weights(), resumed.weights()));
}

TEST_F(CheckpointTest, RestoresInPlaceAndKeepsOthers) {
  ParameterStore store;
  store.set("a", at::zeros({2}), true);
  store.set("other", at::ones({1}), true);
  const at::Tensor held = store.at("a").value;
  restore_parameters({{"a", at::full({2}, 3.0F), false}, {"new", at::ones({3}), true}}, store);
  EXPECT_TRUE(at::equal(held, at::full({2}, 3.0F)));
  EXPECT_FALSE(held.requires_grad());
  EXPECT_FALSE(store.at("a").need_grad);
  EXPECT_TRUE(store.at("new").value.requires_grad());
  EXPECT_EQ(store.names(), (std::vector<std::string>{"a", "other", "new"}));
}

TEST_F(CheckpointTest, RestoresNothingWhereAShapeDiffers) {
  ParameterStore store;
  store.set("a", at::zeros({2}), true);
  store.set("b", at::zeros({2}), true);
  try {
    restore_parameters({{"a", at::ones({2}), true}, {"b", at::ones({3}), true}}, store);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[b] the checkpoint has shape (3), the network (2)");
  }
  EXPECT_TRUE(at::equal(store.at("a").value.detach(), at::zeros({2})));
}

TEST_F(CheckpointTest, SaysWhatIsWrongWithAFile) {
  EXPECT_NE(load_error(), "");  // no file
  write_file_atomically(path_, "not an archive");
  EXPECT_NE(load_error(), "");
  write({{"readme.txt", "x"}});
  EXPECT_EQ(load_error(), "there is no member 'checkpoint.json'");
  write({{"checkpoint.json", "[1]"}});
  EXPECT_EQ(load_error(), "checkpoint.json: this is not a checkpoint");
  write({{"checkpoint.json", "{\"format\": "}});
  EXPECT_NE(load_error().find("checkpoint.json: [json.exception.parse_error"), std::string::npos);
  write({{"checkpoint.json", R"({"format": "octet checkpoint", "version": 2})"}});
  EXPECT_EQ(load_error(), "checkpoint.json: version 2 is not known, only 1");
  write({{"checkpoint.json", R"({"format": "octet checkpoint", "version": 1})"}});
  EXPECT_NE(load_error().find("key 'step' not found"), std::string::npos);
}

TEST_F(CheckpointTest, NamesTheMemberThatIsWrong) {
  save_checkpoint(path_, full_checkpoint());
  std::vector<ArchiveMember> members = read_zip(path_);
  const auto tensor = std::find_if(members.begin(), members.end(), [](const ArchiveMember& member) {
    return member.name == "tensors/0.npy";
  });
  ASSERT_NE(tensor, members.end());
  tensor->bytes.pop_back();
  write(members);
  try {
    load_checkpoint(path_);
    FAIL();
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find(path_ + ":tensors/0.npy]"), std::string::npos)
        << error.what();
  }
  members.erase(tensor);
  write(members);
  EXPECT_EQ(load_error(), "there is no member 'tensors/0.npy'");
}

// Cut anywhere, it is a FileError and nothing else.
TEST_F(CheckpointTest, RefusesATruncatedFile) {
  save_checkpoint(path_, full_checkpoint());
  const std::string whole = read_file(path_);
  for (size_t size = 0; size < whole.size(); size += 41) {
    write_file_atomically(path_, whole.substr(0, size));
    EXPECT_THROW(load_checkpoint(path_), FileError) << size;
  }
}

TEST_F(CheckpointTest, KeepsTheOldOneWhereSavingFails) {
  save_checkpoint(path_, full_checkpoint());
  Checkpoint bad;
  bad.parameters = {{"w", at::zeros({2}, at::kComplexFloat), false}};
  EXPECT_THROW(save_checkpoint(path_, bad), Error);
  EXPECT_EQ(load_checkpoint(path_).step, 1234);
}

}  // namespace
}  // namespace octet
