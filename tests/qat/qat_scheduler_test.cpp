#include "octet/qat/qat_scheduler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/graph/functions.h"
#include "octet/graph/parametric_functions.h"
#include "octet/graph/text.h"
#include "octet/train/checkpoint.h"
#include "octet/train/momentum.h"
#include "tests/qat/small_job.h"

namespace octet {
namespace {

TEST(QATScheduler, GoesThroughItsStages) {
  Job run;
  run.steps(2);
  EXPECT_EQ(run.qat.state(), QNNState::NON_QNN);
  run.steps(1);
  EXPECT_EQ(run.qat.state(), QNNState::RECORDING);
  run.steps(3);
  EXPECT_EQ(run.qat.state(), QNNState::TRAINING);
}

TEST(QATScheduler, FoldingKeepsTheValidationNetworksOutput) {
  Job run;
  run.steps(2);
  const at::Tensor before = run.nets.validate().clone();
  run.qat.step();
  EXPECT_LT((run.nets.validate() - before).abs().max().item<double>(), 1e-5);
}

TEST(QATScheduler, WeightsAndMomentumRestWhileRecording) {
  Job run;
  run.steps(3);
  const at::Tensor weight = run.nets.parameters->at("conv1/conv/w-folded").value.clone();
  const at::Tensor fc = run.nets.parameters->at("fc/affine/W").value.clone();
  run.steps(2);
  EXPECT_TRUE(at::equal(run.nets.parameters->at("conv1/conv/w-folded").value, weight));
  EXPECT_TRUE(at::equal(run.nets.parameters->at("fc/affine/W").value, fc));
  run.steps(1);
  EXPECT_FALSE(at::equal(run.nets.parameters->at("conv1/conv/w-folded").value, weight));
}

TEST(QATScheduler, TrainsWhileRecordingIfAsked) {
  QATConfig config = short_config();
  config.train_in_recording = true;
  Job run(config);
  run.steps(3);
  const at::Tensor weight = run.nets.parameters->at("conv1/conv/w-folded").value.clone();
  run.steps(1);
  EXPECT_FALSE(at::equal(run.nets.parameters->at("conv1/conv/w-folded").value, weight));
}

TEST(QATScheduler, SolverKeepsSurvivorsAndDropsFoldedParameters) {
  Job run;
  run.steps(2);
  const at::Tensor momentum =
      run.solver.state().parameters.at("fc/affine/W").tensors.begin()->second;
  run.steps(1);
  EXPECT_EQ(run.solver.parameter_names(),
            (std::vector<std::string>{"fc/affine/W", "fc/affine/b", "conv1/conv/w-folded",
                                      "conv1/conv/b-folded", "conv2/conv/w-folded",
                                      "conv2/conv/b-folded"}));
  EXPECT_TRUE(
      at::equal(run.solver.state().parameters.at("fc/affine/W").tensors.begin()->second, momentum));
}

TEST(QATScheduler, ScalesTheLearningRateOnce) {
  Job run;
  run.steps(6);
  EXPECT_DOUBLE_EQ(run.solver.learning_rate(), 0.1 * 0.1);
}

TEST(QATScheduler, QuantizedOutputStaysCloseAndTrainingGoesOn) {
  Job run;
  run.steps(5);
  const at::Tensor before = run.nets.validate().clone();
  run.qat.step();
  const double change = (run.nets.validate() - before).abs().max().item<double>();
  EXPECT_GT(change, 0.0);
  EXPECT_LT(change, 0.2 * before.abs().max().item<double>());
}

// With nothing dropped, the training network is the validation network: to the bit, if both
// quantize the same values with the same scales.
TEST(QATScheduler, AValidationNetworkWithoutTheDropoutSharesTheRanges) {
  for (const bool outputs_too : {false, true}) {
    QATConfig config = short_config();
    config.recorder_position = outputs_too ? RecorderPosition::BOTH : RecorderPosition::BEFORE;
    Job run(config, /*dropout=*/0.0);
    run.steps(7);
    run.nets.image.d() = run.nets.data[0];
    run.nets.pred.forward({.gradients = false});
    EXPECT_TRUE(at::equal(run.nets.pred.d(), run.nets.validate()));
  }
}

TEST(QATScheduler, TrainsWithDropout) {
  for (const PrecisionMode mode : {PrecisionMode::SIM_QNN, PrecisionMode::QNN}) {
    QATConfig config = short_config();
    config.precision_mode = mode;
    Job run(config, /*dropout=*/0.5);
    run.steps(5);
    const at::Tensor before = run.nets.validate().clone();
    run.qat.step();
    // Scales are those of what a validation network computes, with nothing dropped.
    EXPECT_LT((run.nets.validate() - before).abs().max().item<double>(),
              0.2 * before.abs().max().item<double>());
    run.nets.step(run.solver, 5);
    run.steps(2);
    EXPECT_TRUE(at::isfinite(run.nets.loss.d()).all().item<bool>());
  }
}

TEST(QATScheduler, TrainsOnWhatWasTrained) {
  Nets nets;
  Momentum solver({.learning_rate = 0.1, .momentum = 0.9});
  for (const char* name : {"conv1/conv/W", "bn1/bn/beta", "bn1/bn/gamma"}) {
    nets.parameters->set(name, nets.parameters->at(name).value, /*need_grad=*/false);
  }
  // Of the second layer, the solver has the weight alone.
  solver.set_parameters({nets.parameters->at("fc/affine/W"), nets.parameters->at("conv2/conv/W")});
  QATScheduler qat(short_config(), solver);
  qat(nets.pred);
  for (int64_t i = 0; i < 3; ++i) {
    qat.step();
    nets.step(solver, i);
  }
  EXPECT_EQ(solver.parameter_names(),
            (std::vector<std::string>{"fc/affine/W", "conv2/conv/w-folded"}));
  EXPECT_FALSE(nets.parameters->at("conv1/conv/w-folded").need_grad);
  EXPECT_FALSE(nets.parameters->at("conv1/conv/b-folded").need_grad);
}

TEST(QATScheduler, SavesNetworksWithoutDropout) {
  for (const int64_t steps : {1, 4, 7}) {
    Job run(short_config(), /*dropout=*/0.5);
    run.steps(steps);
    const auto dropouts_in = [](const Graph& graph) {
      int64_t count = 0;
      for (const FunctionId id : graph.topological_order()) {
        if (std::holds_alternative<Dropout>(graph.function(id).attributes)) ++count;
      }
      return count;
    };
    EXPECT_EQ(dropouts_in(run.qat.saved({run.nets.image}).graph), 0);
    EXPECT_EQ(dropouts_in(run.nets.pred.network().graph()), 3);
  }
}

TEST(QATScheduler, WorksWithoutASolver) {
  Nets nets;
  QATScheduler qat(short_config());
  qat(nets.pred);
  for (int64_t i = 0; i < 7; ++i) {
    qat.step();
    nets.image.d() = nets.data[i];
    nets.pred.forward({.gradients = false});
  }
  EXPECT_EQ(qat.state(), QNNState::TRAINING);
}

TEST(QATScheduler, HandlesStayValid) {
  Job run;
  // Behind a batch normalization that is folded, in front of a pair.
  const VariableRef inner = run.nets.vpred.network().ref("ReLU_out");
  run.steps(2);
  run.nets.validate();
  const at::Tensor before = inner.d().clone();
  run.qat.step();
  run.nets.validate();
  const at::Tensor folded = inner.d().clone();
  EXPECT_FALSE(at::equal(folded, before));
  EXPECT_TRUE(at::allclose(folded, before, 1e-4, 1e-5));
  for (int64_t i = 0; i < 2; ++i) {
    run.nets.step(run.solver, i);
    run.qat.step();
  }
  run.nets.step(run.solver, 2);
  run.qat.step();
  ASSERT_EQ(run.qat.state(), QNNState::TRAINING);
  run.nets.validate();
  const at::Tensor quantized = inner.d();
  EXPECT_FALSE(at::equal(quantized, folded));
  EXPECT_LT((quantized - folded).abs().max().item<double>(),
            0.1 * folded.abs().max().item<double>());
}

TEST(QATScheduler, SaysWhichHandlesAreStale) {
  Job run;
  // What the second normalization reads and gives.
  Network network = run.nets.pred.network();
  VariableRef in_front;
  VariableRef behind;
  for (const FunctionId id : network.graph().topological_order({run.nets.pred.id()})) {
    const Function& function = network.graph().function(id);
    if (!std::holds_alternative<BatchNormalization>(function.attributes)) continue;
    in_front = network.ref(function.inputs[0]);
    behind = network.ref(function.outputs[0]);
  }
  run.steps(2);
  EXPECT_EQ(in_front.d().sizes(), behind.d().sizes());
  run.steps(5);
  // The folded convolution gives the one, and nothing gives the other.
  const at::Tensor last = behind.d().clone();
  EXPECT_EQ(last.sizes(), at::IntArrayRef({4, 8, 8, 8}));
  run.steps(1);
  EXPECT_FALSE(at::equal(behind.d(), last));
  EXPECT_EQ(error_of([&] { in_front.d(); }),
            "[" + in_front.name() +
                "] nothing computes this value any more: a conversion folded it into the values "
                "behind it");
  EXPECT_TRUE(run.nets.loss.d().defined());
  EXPECT_EQ(run.nets.pred.d().sizes(), at::IntArrayRef({4, 5}));
}

TEST(QATScheduler, TrainsLearnedScales) {
  QATConfig config = short_config();
  config.recorder_activation = RecorderSpec::learned();
  config.recorder_weight = RecorderSpec::learned();
  config.activation_fusion = false;
  Job run(config);
  run.steps(6);
  const Parameter& scale = run.nets.parameters->at("Affine-6/log2-scale-w0");
  const at::Tensor before = scale.value.clone();
  run.steps(3);
  EXPECT_FALSE(at::equal(scale.value, before));
  EXPECT_FALSE(scale.decays);
  EXPECT_TRUE(run.nets.parameters->at("fc/affine/W").decays);
}

// A checkpoint holds names and values; that logarithms of scales do not decay comes back with the
// conversion.
TEST(QATScheduler, RestoredLearnedScalesDoNotDecay) {
  QATConfig config = short_config();
  config.recorder_weight = RecorderSpec::learned();
  Job first(config);
  first.steps(6);
  Job second(config);
  restore_parameters(copy_parameters(*first.nets.parameters), *second.nets.parameters);
  second.qat.restore(first.qat.save_state());
  const std::string name = "Affine-6/log2-scale-w0";
  ASSERT_NE(second.nets.parameters->find(name), nullptr);
  EXPECT_FALSE(second.nets.parameters->at(name).decays);
}

TEST(QATScheduler, RecordsWithoutBiasCorrection) {
  QATConfig config = short_config();
  config.recorder_activation.bias_correction = false;
  Job run(config);
  run.steps(7);
  EXPECT_NE(run.qat.save_state().find("bias_correction = false"), std::string::npos);
}

class SavedFile : public ::testing::TestWithParam<std::string> {
 protected:
  ~SavedFile() override { std::filesystem::remove(path_); }
  std::string path_ = (std::filesystem::temp_directory_path() /
                       fmt::format("octet_qat_{}_{}.nnp", ::getpid(), GetParam()))
                          .string();
};

TEST_P(SavedFile, GivesTheSameOutputToTheBit) {
  for (const bool learned : {false, true}) {
    QATConfig config = short_config();
    config.channel_wise = true;
    if (learned) config.recorder_activation = RecorderSpec::learned();
    Job run(config);
    run.steps(8);
    const std::vector<std::string> names = run.nets.parameters->names();
    run.qat.save(path_, run.nets.vimage, {.parameter_format = GetParam()});
    EXPECT_EQ(run.nets.parameters->names(), names);
    NnpModel model = read_nnp(path_);
    Network network = make_network(std::move(model.graph), model.parameters);
    VariableRef y = network.ref("y0");
    network.ref("x0").d() = run.nets.data[0];
    y.forward({.gradients = false});
    EXPECT_TRUE(at::equal(y.d(), run.nets.validate()));
    EXPECT_EQ(network.ref("x0").shape(), Shape({kFreeDim, 3, 8, 8}));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, SavedFile, ::testing::Values("h5", "protobuf"));

TEST(QATScheduler, RestoresToTheSameBits) {
  Job straight;
  straight.steps(12);
  Job first;
  first.steps(7);
  const std::string state = first.qat.save_state();
  const SolverState solver_state = first.solver.state();
  Job second;
  for (const std::string& name : first.nets.parameters->names()) {
    const Parameter& parameter = first.nets.parameters->at(name);
    second.nets.parameters->set(name, parameter.value, parameter.need_grad);
  }
  second.qat.restore(state);
  second.solver.set_state(solver_state);
  EXPECT_EQ(second.qat.state(), QNNState::TRAINING);
  second.steps(5);
  EXPECT_TRUE(at::equal(second.nets.parameters->at("conv1/conv/w-folded").value,
                        straight.nets.parameters->at("conv1/conv/w-folded").value));
  EXPECT_TRUE(at::equal(second.nets.validate(), straight.nets.validate()));
}

// Saves the validation network of a short run in its deployed form, and reads it back.
void expect_deployed_equal(const QATConfig& config, const std::string& format) {
  SCOPED_TRACE(config_to_toml(config) + format);
  Job run(config);
  run.steps(8);
  const at::Tensor expected = run.nets.validate();
  const std::vector<std::string> names = run.nets.parameters->names();
  const std::string path = testing::TempDir() + "deployed.nnp";
  run.qat.save(path, run.nets.vimage, {.parameter_format = format, .deploy = true});
  NnpModel model = read_nnp(path);
  for (const VariableId leaf : model.graph.leaves(model.graph.outputs())) {
    const Variable& variable = model.graph.variable(leaf);
    if (!variable.name.ends_with("-quantized")) continue;
    EXPECT_EQ(variable.type.dtype, variable.type.shape.rank() == 1 ? DType::kInt32 : DType::kInt8);
  }
  EXPECT_EQ(print(model.graph).find("W = QuantizeLinear"), std::string::npos);
  Network network = make_network(model.graph, model.parameters);
  network.ref("x0").d() = run.nets.data[0];
  const VariableRef y = network.ref("y0");
  y.forward({.gradients = false});
  EXPECT_TRUE(at::equal(y.d(), expected));
  // What only the file needs does not come into the store.
  EXPECT_EQ(run.nets.parameters->names(), names);
  std::filesystem::remove(path);
}

TEST(QATScheduler, DeploysTheSameValuesFromIntegers) {
  QATConfig plain = short_config();
  expect_deployed_equal(plain, "h5");
  plain.skip_bias = true;
  expect_deployed_equal(plain, "protobuf");
  QATConfig per_channel = short_config();
  per_channel.channel_wise = true;
  per_channel.dtype = DType::kUInt8;
  per_channel.zero_point = true;
  expect_deployed_equal(per_channel, "h5");
  QATConfig narrow = short_config();
  narrow.narrow_range = true;
  narrow.pow2 = Pow2::CEIL;
  narrow.bits_weight = 5;
  narrow.round_mode = RoundMode::HALF_AWAY_FROM_ZERO;
  expect_deployed_equal(narrow, "h5");
  QATConfig learned = short_config();
  learned.recorder_weight = RecorderSpec::learned();
  learned.recorder_activation = RecorderSpec::learned();
  expect_deployed_equal(learned, "h5");
}

TEST(QATScheduler, LeavesTheNetworksAloneIfAConversionFails) {
  Nets nets;
  QATConfig config = short_config();
  config.niter_to_recording = 0;
  QATScheduler qat(config);
  Network other(nets.parameters, "other");
  VariableRef x = other.input("image", {4, 3, 8, 8});
  qat(nets.pred);
  qat(F::tanh(x), /*training=*/false);
  const std::string before = print(compact(nets.pred.network().graph()));
  EXPECT_NE(error_of([&] { qat.step(); }).find("validation network other has no training network"),
            std::string::npos);
  EXPECT_EQ(print(compact(nets.pred.network().graph())), before);
  EXPECT_EQ(qat.state(), QNNState::NON_QNN);
}

// The ranges that the state speaks of are not in the store: RECORDING can be entered, TRAINING not.
TEST(QATScheduler, IsAsBeforeIfARestoreFails) {
  QATConfig config = short_config();
  config.niter_to_training = 4;
  Job first(config);
  first.steps(5);
  Job second;
  const std::string graph = print(compact(second.nets.pred.network().graph()));
  const std::vector<std::string> solved = second.solver.parameter_names();
  EXPECT_NE(error_of([&] { second.qat.restore(first.qat.save_state()); }).find("has seen no data"),
            std::string::npos);
  EXPECT_EQ(second.qat.state(), QNNState::NON_QNN);
  EXPECT_EQ(second.qat.config().niter_to_training, 5);
  EXPECT_EQ(print(compact(second.nets.pred.network().graph())), graph);
  EXPECT_EQ(second.solver.parameter_names(), solved);
  // It can be used all the same, and makes its ranges itself.
  second.steps(7);
  EXPECT_EQ(second.qat.state(), QNNState::TRAINING);
  Job straight;
  straight.steps(7);
  EXPECT_TRUE(at::equal(second.nets.validate(), straight.nets.validate()));
}

TEST(QATScheduler, SaysWhatIsWrongWithASavedState) {
  const std::string config = nlohmann::json(config_to_toml(short_config())).dump();
  const auto error = [&](const std::string& stage, const std::string& text) {
    Job run;
    const std::string message = error_of([&] {
      run.qat.restore(fmt::format(R"({{"stage": "{}", "counter": 3, "config": {}}})", stage, text));
    });
    run.steps(7);
    EXPECT_EQ(run.qat.state(), QNNState::TRAINING);
    return message;
  };
  EXPECT_EQ(error("RESTING", config),
            "[QATScheduler] the saved state 'RESTING' is not one of NON_QNN, RECORDING, TRAINING");
  EXPECT_EQ(error("RECORDING", "\"bits = 9\""), "[QATConfig] bits 9 is outside of 2 to 8");
}

// Parameters are found by their names, so these stay, and the file's input and output give way.
TEST(QATScheduler, SavesParametersWithTheNamesOfInputsAndOutputs) {
  auto parameters = std::make_shared<ParameterStore>(3);
  Network network(parameters);
  const VariableRef image = network.input("image", {4, 6});
  parameters->get_or_create("x0", {6, 5}, normal_initializer(1));
  parameters->get_or_create("y0", {5, 5}, normal_initializer(1));
  const VariableRef h = F::relu(F::affine(image, network.parameter("x0")));
  const VariableRef pred = F::affine(h, network.parameter("y0"));
  QATScheduler qat(short_config());
  qat(pred);
  RandomState random(2);
  const at::Tensor x = at::randn({4, 6}, random.generator(at::kCPU), at::kFloat);
  for (int64_t i = 0; i < 6; ++i) {
    qat.step();
    image.d() = x;
    pred.forward({.gradients = false});
  }
  const std::string path = testing::TempDir() + "odd_names.nnp";
  qat.save(path, image);
  NnpModel model = read_nnp(path);
  std::filesystem::remove(path);
  Network read = make_network(model.graph, model.parameters);
  read.ref("x0_1").d() = x;
  const VariableRef y = read.ref("y0_1");
  y.forward({.gradients = false});
  EXPECT_TRUE(at::equal(y.d(), pred.d()));
}

TEST(QATScheduler, TellsOfItsPasses) {
  Job run;
  std::vector<std::string> names;
  run.qat.set_pipeline_options(
      {.skip = {"self_fold_batch_norm"},
       .observer = [&](std::string_view name, double, const Graph&) { names.emplace_back(name); }});
  run.steps(3);
  ASSERT_EQ(names.size(), 2 * (recording_passes().size() - 1));
  EXPECT_EQ(names[1], "fold_batch_norm");
}

TEST(QATScheduler, SaysWhatIsWrongWithItsUse) {
  QATScheduler empty(short_config());
  empty.step();
  empty.step();
  EXPECT_EQ(error_of([&] { empty.step(); }),
            "[QATScheduler] no network is registered; call qat(pred) before step()");
  Job run;
  run.steps(3);
  EXPECT_EQ(
      error_of([&] { run.qat(run.nets.loss); }),
      "[QATScheduler] " + run.nets.loss.name() + " comes too late: the stage is RECORDING already");
  Network other;
  VariableRef x = other.input("x", {1, 3});
  EXPECT_EQ(
      error_of([&] { run.qat.save("never.nnp", x); }),
      "[QATScheduler] no output of the network of x is registered; call qat(output) before save()");
  EXPECT_EQ(
      error_of([&] { run.qat.save("never.nnp", run.nets.vimage, {.deploy = true}); }),
      "[QATScheduler] deploy = true (--deploy) stores quantized weights, and there are none before "
      "TRAINING; the stage is RECORDING");
  EXPECT_EQ(
      error_of([&] { run.qat.save("never.nnp", run.nets.vimage, {.parameter_format = "txt"}); }),
      "[QATScheduler] parameter_format 'txt' is not one of h5, protobuf");
}

TEST(QATScheduler, SaysThatThereIsNothingToQuantize) {
  QATConfig config = short_config();
  config.record_layers = {"Deconvolution"};
  Job run(config);
  const std::string before = print(compact(run.nets.pred.network().graph()));
  EXPECT_EQ(error_of([&] { run.steps(3); }),
            "[QATScheduler] network training has nothing to quantize: record_layers, include, "
            "exclude, skip_inputs_layers and skip_outputs_layers leave none of its 7 layers");
  EXPECT_EQ(print(compact(run.nets.pred.network().graph())), before);
}

}  // namespace
}  // namespace octet
