// Replays recorded runs of NNabla's QATScheduler: the same networks, initial parameters and
// batches, with NNabla's arithmetic where Octet's differs by a setting (recorders, straight
// gradient, learning rate scaled per registered network). docs/nnabla_traces.md lists the runs that
// cannot be replayed.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/functions.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/momentum.h"
#include "octet/train/sgd.h"
#include "tests/support/reference_files.h"

namespace octet {
namespace {

// The pair of networks of one reference net, over one store.
struct ReferenceNets {
  explicit ReferenceNets(const std::string& net) {
    const std::filesystem::path folder = reference_dir() / "qat" / ("net_" + net);
    NnpModel training = read_nnp((folder / "float_train_graph.nnp").string());
    NnpModel validation = read_nnp((folder / "float.nnp").string());
    parameters = training.parameters;
    train = std::make_unique<Network>(make_network(std::move(training.graph), parameters));
    valid = std::make_unique<Network>(make_network(std::move(validation.graph), parameters));
    pred = train->ref(train->graph().outputs()[0]);
    image = input_of(*train, pred);
    label = train->input("label", {4, 1});
    loss = F::mean(F::softmax_cross_entropy(pred, label, {.axis = 1}), {.axes = {0, 1}});
    vpred = valid->ref(valid->graph().outputs()[0]);
    vimage = input_of(*valid, vpred);
    batches_x = read_npy((reference_dir() / "qat" / "batches_x.npy").string());
    batches_t = read_npy((reference_dir() / "qat" / "batches_t.npy").string());
    x_val = read_npy((reference_dir() / "qat" / "x_val.npy").string());
  }

  static VariableRef input_of(Network& network, const VariableRef& output) {
    for (const VariableId id : network.graph().leaves({output.id()})) {
      if (network.graph().variable(id).kind == VariableKind::kInput) return network.ref(id);
    }
    return {};
  }

  double step(Solver& solver, int64_t i) {
    image.d() = batches_x[i];
    label.d() = batches_t[i];
    loss.forward();
    solver.zero_grad();
    loss.backward();
    solver.update();
    return loss.d().item<double>();
  }

  at::Tensor validate() {
    vimage.d() = x_val;
    vpred.forward({.gradients = false});
    return vpred.d();
  }

  std::shared_ptr<ParameterStore> parameters;
  std::unique_ptr<Network> train, valid;
  VariableRef image, label, pred, loss, vimage, vpred;
  at::Tensor batches_x, batches_t, x_val;
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble).reshape(-1) - b.to(at::kDouble).reshape(-1)).abs().max().item<double>();
}

// The config of a run, with what NNabla does without saying.
QATConfig config_of(const nlohmann::json& run) {
  QATConfig config;
  config.bn_folding = run.value("bn_folding", false);
  config.bn_self_folding = run.value("bn_self_folding", false);
  config.bn_folding_keep_step = false;
  config.bn_folding_limit = 0;
  config.activation_fusion = false;
  config.pow2 = parse_pow2(run.value("pow2", "NOTROUND"));
  config.skip_bias = run.value("skip_bias", false);
  config.skip_inputs_layers = run.value("skip_inputs_layers", config.skip_inputs_layers);
  config.skip_outputs_layers = run.value("skip_outputs_layers", config.skip_outputs_layers);
  config.recorder_activation =
      nnabla_exact(recorder_spec(run.value("recorder_activation", "MaxMva")));
  config.recorder_weight = nnabla_exact(RecorderSpec::min_max_min_max());
  config.ste = Ste::STRAIGHT;
  config.niter_to_recording = run.value("niter_to_recording", 0);
  config.niter_to_training = run.value("niter_to_training", 4);
  config.learning_rate_scale = 0.1 * 0.1;  // NNabla scales once for each of the two networks
  return config;
}

class NnablaTrace : public ::testing::TestWithParam<std::string> {};

TEST_P(NnablaTrace, RunsAlike) {
  if (!reference_present()) GTEST_SKIP() << "no reference files: set OCTET_REFERENCE_DIR";
  const std::filesystem::path folder = reference_dir() / "qat" / ("cfg_" + GetParam());
  const nlohmann::json run = nlohmann::json::parse(std::ifstream(folder / "config.json"));
  ReferenceNets nets(run["net"].get<std::string>());
  Sgd solver({.learning_rate = run["lr"].get<double>()});
  solver.set_parameters(*nets.parameters);
  QATScheduler qat(config_of(run), solver);
  qat(nets.pred);
  qat(nets.vpred, /*training=*/false);
  const at::Tensor losses = read_npy((folder / "losses.npy").string()).reshape(-1);
  for (int64_t i = 0; i < losses.numel(); ++i) {
    qat.step();
    if (i == 0) {
      // Folding changes sums of products by rounding alone: outputs of magnitude 5, 100 eps.
      EXPECT_LT(largest_difference(nets.validate(),
                                   read_npy((folder / "y_val_recording_at0.npy").string())),
                1e-4);
    }
    if (i == 4) {
      // A value on the border of two integers may fall to the other side when a sum is taken in
      // another order; one such step in the last layers moves an output by less than this.
      EXPECT_LT(
          largest_difference(nets.validate(), read_npy((folder / "y_val_qat_at4.npy").string())),
          0.02);
    }
    const double loss = nets.step(solver, i);
    EXPECT_NEAR(loss, losses[i].item<double>(), i < 4 ? 1e-5 : 5e-3) << "step " << i;
  }
  EXPECT_NEAR(solver.learning_rate(), run["final_lr"].get<double>(), 1e-9);
  EXPECT_LT(largest_difference(nets.validate(), read_npy((folder / "y_val_qat_end.npy").string())),
            0.03);
}

INSTANTIATE_TEST_SUITE_P(Healthy, NnablaTrace,
                         ::testing::Values("absmax_skipbias_noskip_fold",
                                           "absmax_skipbias_noskip_fold_pow2",
                                           "resnet_absmax_skipbias_fold"));

// Every scale of the run that starts from the same parameters, by its name in NNabla.
TEST(NnablaScales, AreTheSame) {
  if (!reference_present()) GTEST_SKIP() << "no reference files: set OCTET_REFERENCE_DIR";
  const std::filesystem::path folder = reference_dir() / "qat" / "cfg_absmax_skipbias_noskip_fold";
  const nlohmann::json run = nlohmann::json::parse(std::ifstream(folder / "config.json"));
  ReferenceNets nets("small");
  Sgd solver({.learning_rate = 0.01});
  solver.set_parameters(*nets.parameters);
  QATScheduler qat(config_of(run), solver);
  qat(nets.pred);
  for (int64_t i = 0; i < 4; ++i) {
    qat.step();
    nets.step(solver, i);
  }
  qat.step();
  const NnpModel expected = read_nnp((folder / "qat_at4.nnp").string());
  int compared = 0;
  for (const std::string& name : expected.parameters->names()) {
    if (name.find("/scale-") == std::string::npos) continue;
    const Parameter* ours = nets.parameters->find(name);
    if (ours == nullptr) continue;  // of biases and of Add2's other input: computed, then not used
    const double scale = expected.parameters->at(name).value.item<double>();
    // Ranges of sums of products: 16 eps of relative difference.
    EXPECT_NEAR(ours->value.item<double>() / scale, 1.0, 16 * 1.2e-7) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 9);
}

class NnablaFloatTrace : public ::testing::TestWithParam<std::string> {};

TEST_P(NnablaFloatTrace, RunsAlike) {
  if (!reference_present()) GTEST_SKIP() << "no reference files: set OCTET_REFERENCE_DIR";
  const std::filesystem::path folder = reference_dir() / "train" / GetParam();
  ReferenceNets nets("small");
  std::unique_ptr<Solver> solver;
  if (GetParam() == "float_sgd") {
    solver = std::make_unique<Sgd>(SgdOptions{.learning_rate = 0.01});
  } else {
    solver = std::make_unique<Momentum>(MomentumOptions{.learning_rate = 0.01, .momentum = 0.9});
  }
  solver->set_parameters(*nets.parameters);
  for (int64_t i = 0; i < 10; ++i) {
    const auto step = read_npz((folder / fmt::format("step{:02}.npz", i)).string());
    // Losses of magnitude 2 after up to 10 steps: the reference differs from itself by 2e-6 between
    // builds.
    EXPECT_NEAR(nets.step(*solver, i), step.at("loss").item<double>(), 1e-5) << "step " << i;
    for (const auto& [key, value] : step) {
      if (!key.starts_with("param:")) continue;
      const Parameter* ours = nets.parameters->find(key.substr(6));
      ASSERT_NE(ours, nullptr) << key;
      EXPECT_LT(largest_difference(ours->value.detach(), value), 1e-5) << key << " step " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Float, NnablaFloatTrace, ::testing::Values("float_sgd", "float_momentum"));

}  // namespace
}  // namespace octet
