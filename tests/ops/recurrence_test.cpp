#include "octet/ops/recurrence.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

constexpr int64_t kSteps = 3;
constexpr int64_t kSamples = 2;
constexpr int64_t kFeatures = 2;
constexpr int64_t kHidden = 2;

// sin(0), sin(1), ...
at::Tensor sines(const Shape& shape) {
  return at::arange(shape.num_elements(), at::kDouble).sin().reshape(shape);
}

// Two directions of samples of 3 and 2 steps.
std::vector<at::Tensor> inputs_of(const std::string& cell) {
  const int64_t gates = cell == "LSTM" ? 4 : cell == "GRU" ? 3 : 1;
  std::vector<at::Tensor> inputs{sines({kSteps, kSamples, kFeatures}),
                                 sines({2, gates * kHidden, kFeatures}),
                                 sines({2, gates * kHidden, kHidden}),
                                 sines({2, 2 * gates * kHidden}), sines({2, kSamples, kHidden})};
  if (cell == "LSTM") {
    inputs.push_back(sines({2, kSamples, kHidden}));
    inputs.push_back(sines({2, 3 * kHidden}));
  }
  inputs.push_back(at::tensor({3, 2}, at::kLong));
  return inputs;
}

// The expected numbers are what ONNX Runtime 1.32 computes in float32: some eps of values up to 1.
void expect_values(const at::Tensor& y, const std::vector<double>& expected) {
  EXPECT_TRUE(at::allclose(y.flatten(), doubles(expected), 0, 1e-6)) << y;
}

TEST(Recurrence, Lstm) {
  const OutputTensors y =
      run_operation(Recurrence{.direction = "bidirectional"}, inputs_of("LSTM"));
  expect_values(y.at(0), {0.2528873,    0.43182886,  0.086074,    0.19490899,
                          -0.3063691,   -0.1832853,  -0.20704724, -0.12442454,
                          0.3626851,    0.16231447,  0.3836471,   0.341373,
                          -0.035247948, -0.1062766,  -0.1808968,  -0.013275739,
                          0.115575254,  0.2504903,   0,           0,
                          -0.17544149,  -0.49954686, 0,           0});
  expect_values(y.at(1), {0.115575254, 0.2504903, 0.3836471, 0.341373, -0.3063691, -0.1832853,
                          -0.20704724, -0.12442454});
  expect_values(y.at(2), {0.404281, 1.0052041, 0.7641551, 0.91731185, -0.9312403, -0.3230678,
                          -0.35582805, -0.17584231});
}

TEST(Recurrence, Gru) {
  Recurrence op{.cell = "GRU", .direction = "bidirectional"};
  expect_values(run_operation(op, inputs_of("GRU")).at(1),
                {-0.62969565, -0.027843788, 0.026811123, -0.052187964, -0.6322367, -0.6728076,
                 0.5727857, 0.0012073368});
  op.linear_before_reset = true;
  expect_values(run_operation(op, inputs_of("GRU")).at(1),
                {-0.5639169, 0.044300348, 0.1453617, -0.038930483, -0.6032304, -0.6268671,
                 0.54732877, -0.0039487183});
}

TEST(Recurrence, Rnn) {
  const OutputTensors y =
      run_operation(Recurrence{.cell = "RNN", .direction = "bidirectional"}, inputs_of("RNN"));
  expect_values(y.at(1), {0.9602883, 0.9903588, 0.9799248, 0.93586206, -0.9482518, -0.45548236,
                          -0.9388022, 0.20457911});
}

TEST(Recurrence, OneStepByHand) {
  const at::Tensor one = at::ones({1, 1, 1}, at::kDouble);
  const std::vector<at::Tensor> inputs{one, one * 2, one * 3, doubles({4, 5}).reshape({1, 2}),
                                       one * -2};
  // 2 * 1 + 3 * -2 + 4 + 5 = 5.
  const auto state = [&](const Recurrence& op) { return run_one(op, inputs).item<double>(); };
  EXPECT_EQ(state({.cell = "RNN", .activations = "Relu"}), 5);
  EXPECT_EQ(state({.cell = "RNN", .activations = "Relu", .clip = 3}), 3);
}

TEST(Recurrence, NamesWhatIsWrong) {
  const std::vector<Shape> rnn{{3, 2, 4}, {1, 5, 4}, {1, 5, 5}, {1, 10}, {1, 2, 5}};
  EXPECT_EQ(infer_error(Recurrence{.cell = "CNN"}, rnn),
            "[Recurrence] cell 'CNN' is not one of RNN, GRU, LSTM");
  EXPECT_EQ(infer_error(Recurrence{}, rnn),
            "[Recurrence] a LSTM needs 7 inputs, or 8 with lengths, got 5");
  EXPECT_EQ(infer_error(Recurrence{.cell = "GRU"}, rnn),
            "[Recurrence] weight (1, 5, 4) must be (1, 15, 4)");
  EXPECT_EQ(infer_error(Recurrence{.cell = "RNN", .direction = "up"}, rnn),
            "[Recurrence] direction 'up' is not one of forward, reverse, bidirectional");
  EXPECT_EQ(infer_error(Recurrence{.cell = "RNN", .activations = "Tanh,Tanh"}, rnn),
            "[Recurrence] activations 'Tanh,Tanh' are not 1 for each of 1 directions");
  EXPECT_EQ(infer_error(Recurrence{.cell = "RNN", .activations = "Step"}, rnn),
            "[Recurrence] activation 'Step' is not one of Sigmoid, Tanh, Relu, Elu, HardSigmoid, "
            "Softsign, Softplus");
  EXPECT_EQ(infer_error(Recurrence{.cell = "RNN", .clip = -1}, rnn),
            "[Recurrence] clip -1 must not be below 0");
  EXPECT_EQ(infer_error(Recurrence{.cell = "RNN"}, {{3, 2}, {1, 5, 4}, {1, 5, 5}, {}, {}}),
            "[Recurrence] x (3, 2) and recurrent_weight (1, 5, 5) must be (T, N, I) and (D, 1 H, "
            "H)");
  std::vector<Shape> with_lengths = rnn;
  with_lengths.push_back({3});
  EXPECT_EQ(infer_error(Recurrence{.cell = "RNN"}, with_lengths),
            "[Recurrence] lengths (3) must be (2)");
  std::vector<at::Tensor> inputs = inputs_of("RNN");
  inputs.back() = at::tensor({4, 2}, at::kLong);
  EXPECT_EQ(run_error(Recurrence{.cell = "RNN", .direction = "bidirectional"}, inputs),
            "[test: Recurrence] length 4 at position 0 is not an integer between 0 and 3");
  inputs[0] = inputs[0].to(at::kFloat);
  EXPECT_EQ(run_error(Recurrence{.cell = "RNN", .direction = "bidirectional"}, inputs),
            "[Recurrence] weight float64 must be float32");
}

}  // namespace
}  // namespace octet
