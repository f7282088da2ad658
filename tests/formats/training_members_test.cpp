// The members of a .nnp that only a training needs.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/graph/text.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

class SolverStates : public ::testing::Test {
 protected:
  std::vector<StoredSolverState> read(const std::string& member, const std::string& bytes) {
    write_file_atomically(path_, format_zip({{"network.nntxt", ""}, {member, bytes}}));
    return read_nnp_solvers(path_);
  }
  std::string read_error(const std::string& member, const std::string& bytes) {
    const std::string message = error_of([&] { read(member, bytes); });
    return message.substr(message.find(":") + 1);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("a.nnp");
  at::Tensor m_ = at::arange(6, at::kFloat).reshape({2, 3});
};

TEST_F(SolverStates, Hdf5) {
  const std::string bytes = format_parameter_hdf5({{"conv1/W/m", m_, false},
                                                   {"conv1/W/t", at::scalar_tensor(7, at::kLong)},
                                                   {"b/m", at::ones({2}), false},
                                                   {"b/t", at::full({1}, 3, at::kInt)}});
  const auto states = read("training_Momentum_optimizer.h5.optimizer", bytes);
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].solver, "Momentum");
  ASSERT_EQ(states[0].parameters.size(), 2u);
  const StoredParameterState& weight = states[0].parameters.at("conv1/W");
  EXPECT_EQ(weight.step, 7);
  ASSERT_EQ(weight.tensors.size(), 1u);
  EXPECT_TRUE(at::equal(weight.tensors.at("m"), m_));
  EXPECT_EQ(states[0].parameters.at("b").step, 3);
  EXPECT_EQ(read("any.h5.optimizer", bytes).at(0).solver, "");
}

// Protobuf's wire format by hand, with the numbers of NNabla's schema.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string field(uint64_t number, const std::string& content) {
  return varint(number << 3 | 2) + varint(content.size()) + content;
}
std::string field(uint64_t number, uint64_t value) {
  return varint(number << 3) + varint(value);
}
std::string entry(const std::string& key, const std::string& value) {
  return field(1, key) + field(2, value);
}
std::string adam_state(const std::vector<float>& data) {
  const std::string raw(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(float));
  const std::string value = field(20, field(1, varint(2) + varint(3))) + field(100, raw);
  const std::string state =
      field(1, 9) + field(2, entry("mean", value)) + field(2, entry("var", value));
  const std::string solver = field(2, "Adam") + field(40, entry("conv1/W", state));
  return field(400, field(1, "training") + field(30, solver));
}

TEST_F(SolverStates, Protobuf) {
  const auto states = read("optimizer.protobuf.optimizer", adam_state({0, 1, 2, 3, 4, 5}));
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].solver, "Adam");
  EXPECT_EQ(states[0].parameters.at("conv1/W").step, 9);
  EXPECT_TRUE(at::equal(states[0].parameters.at("conv1/W").tensors.at("var"), m_));
  EXPECT_THAT(
      read_error("optimizer.protobuf.optimizer", adam_state({0, 1, 2, 3, 4, 5, 6})),
      ::testing::MatchesRegex("optimizer.protobuf.optimizer\\] state '(mean|var)' of 'conv1/W' has "
                              "shape \\(2, 3\\), but 7 values"));
}

TEST_F(SolverStates, AFileWithoutThem) {
  EXPECT_TRUE(read("parameter.h5", "not read here").empty());
}

TEST_F(SolverStates, SayWhatIsWrong) {
  EXPECT_EQ(read_error("s.h5.optimizer", format_parameter_hdf5({{"m", m_, false}})),
            "s.h5.optimizer] 'm' belongs to no parameter");
  EXPECT_EQ(read_error("s.h5.optimizer", format_parameter_hdf5({{"W/t", m_, false}})),
            "s.h5.optimizer] 'W/t' is no number of updates");
  EXPECT_EQ(read_error("s.h5.optimizer",
                       format_parameter_hdf5({{"W/t", at::full({1}, -1, at::kLong), false}})),
            "s.h5.optimizer] 'W/t' is no number of updates");
  EXPECT_EQ(read_error("s.protobuf.optimizer", "\xff\xff"),
            "s.protobuf.optimizer] is not a protobuf file of solvers");
  EXPECT_THAT(read_error("s.h5.optimizer", "no HDF5"),
              ::testing::StartsWith("s.h5.optimizer] is not "));
}

// What read_nnp_solvers and read_nnp_training give is what write_nnp was given, and the network is
// read as it is without these members.
TEST_F(SolverStates, WrittenOnesComeBack) {
  const Graph graph = parse_graph(R"(graph net {
    input x0: float32 (-1, 3)
    parameter fc/W: float32 (3, 2)
    y0 = Affine(x0, fc/W)
    output y0
  })");
  ParameterStore store;
  store.set("fc/W", at::ones({3, 2}), true);
  store.set("range", at::full({2}, 0.5, at::kDouble), false);
  const StoredSolverState adam{"Adam", {{"fc/W", {9, {{"mean", m_}, {"var", m_ + 1}}}}}};
  write_nnp(path_, graph, store, {.extra = "{}", .solvers = {adam}, .training = &store});
  const std::vector<StoredSolverState> states = read_nnp_solvers(path_);
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].solver, "Adam");
  ASSERT_EQ(states[0].parameters.size(), 1u);
  const StoredParameterState& weight = states[0].parameters.at("fc/W");
  EXPECT_EQ(weight.step, 9);
  EXPECT_TRUE(at::equal(weight.tensors.at("mean"), m_));
  EXPECT_TRUE(at::equal(weight.tensors.at("var"), m_ + 1));
  const auto training = read_nnp_training(path_);
  ASSERT_NE(training, nullptr);
  EXPECT_EQ(training->names(), store.names());
  EXPECT_TRUE(training->at("fc/W").need_grad);
  EXPECT_FALSE(training->at("range").need_grad);
  EXPECT_EQ(training->at("range").value.scalar_type(), at::kDouble);
  EXPECT_EQ(read_nnp(path_).parameters->names(), std::vector<std::string>{"fc/W"});
  write_nnp(path_, graph, store);
  EXPECT_EQ(read_nnp_training(path_), nullptr);
  EXPECT_TRUE(read_nnp_solvers(path_).empty());
}

}  // namespace
}  // namespace octet
