// The plan against the reference interpreter: integers are equal, floats within rounding.

#include "octet/plan/plan_engine.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/functions.h"
#include "octet/graph/network.h"
#include "octet/graph/parametric_functions.h"
#include "octet/models/mobilenet_v1.h"
#include "octet/models/resnet.h"
#include "octet/passes/integer_functions.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/momentum.h"
#include "tests/support/random_graph.h"

namespace octet {
namespace {

using plan::PlanEngine;

// What one forward and backward pass of a network gives.
struct RunResult {
  Values values;
  std::map<std::string, at::Tensor> gradients;
};

// The network is run with `engine` (null: the reference) for the sum of `output`'s elements times
// fixed random numbers, so that every element has a gradient of its own.
RunResult run_once(const Graph& graph, const ParameterStore& parameters, VariableId output,
                   const Values& inputs, const std::vector<VariableId>& keep,
                   const std::shared_ptr<Engine>& engine) {
  auto store = std::make_shared<ParameterStore>(parameters.clone());
  RandomState random(3);
  RunOptions options{.gradients = true, .keep = keep, .observer = {}};
  RunResult result;
  if (engine == nullptr) {
    result.values = run(graph, *store, inputs, {output}, random, options);
    result.values.at(output).sum().backward();
  } else {
    result.values = engine->forward(graph, *store, inputs, output, random, options);
    engine->backward(graph, *store, output);
  }
  for (const std::string& name : store->names()) {
    const at::Tensor gradient = store->at(name).value.grad();
    if (gradient.defined()) result.gradients[name] = gradient.clone();
  }
  return result;
}

// In units of the largest magnitude.
double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  const double scale = std::max(a.abs().max().item<double>(), 1e-30);
  return (a - b).abs().max().item<double>() / scale;
}

std::shared_ptr<PlanEngine> poisoned_engine() {
  return std::make_shared<PlanEngine>(plan::PlanEngineOptions{.poisoned = true});
}

TEST(PlanEngine, RandomGraphsAgreeWithTheReference) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    ParameterStore parameters(seed);
    Graph graph = random_graph(seed, parameters, {.batch_statistics = seed % 2 == 1});
    const VariableId x = graph.find_variable("x");
    RandomState random(seed);
    const Values inputs{{x, at::randn(graph.variable(x).type.shape, random.generator(at::kCPU))}};
    const VariableId output = graph.outputs()[0];
    const RunResult expected = run_once(graph, parameters, output, inputs, {}, nullptr);
    const RunResult given = run_once(graph, parameters, output, inputs, {}, poisoned_engine());
    // Kernels add in another order: some 2^-24 for each of the dozen layers, growing with their
    // sums; 1e-4 leaves room for that, and an error of method is of the size of the values.
    EXPECT_LT(relative_difference(expected.values.at(output), given.values.at(output)), 1e-4);
    ASSERT_EQ(expected.gradients.size(), given.gradients.size());
    double largest = 0;
    for (const auto& [name, gradient] : expected.gradients) {
      largest = std::max(largest, gradient.abs().max().item<double>());
    }
    // Of a parameter in front of a batch normalization the true gradient is 0, and what is there is
    // the rounding of others: hence a part of the largest gradient.
    for (const auto& [name, gradient] : expected.gradients) {
      const double difference = (gradient - given.gradients.at(name)).abs().max().item<double>();
      const double bound = 1e-3 * gradient.abs().max().item<double>() + 1e-5 * largest;
      EXPECT_LT(difference, bound) << name;
    }
  }
}

using Model = VariableRef (*)(const VariableRef& image, const models::ModelOptions& options);

// A small classifier in TRAINING.
struct QuantizedJob {
  QuantizedJob(Model model, QATConfig config, int64_t image_size = 32)
      : solver({.learning_rate = 0.01}), qat(configured(config), solver) {
    auto parameters = std::make_shared<ParameterStore>(5);
    Network network(parameters, "training");
    const Shape shape{4, 3, image_size, image_size};
    image = network.input("image", shape);
    label = network.input("label", {4, 1});
    pred = model(image, {.test = false, .num_classes = 10, .width = 0.25});
    loss = F::mean(F::softmax_cross_entropy(pred, label, {.axis = 1}), {.axes = {0, 1}});
    solver.set_parameters(*parameters);
    qat(pred);
    RandomState random(7);
    at::Generator generator = random.generator(at::kCPU);
    image.d() = at::randn(shape, generator, at::kFloat);
    label.d() = at::randint(0, 10, {4, 1}, generator, at::kFloat);
    for (int i = 0; i < 3; ++i) step();
    qat.step();
  }

  static QATConfig configured(QATConfig config) {
    config.bn_folding = true;
    config.bn_self_folding = true;
    config.skip_inputs_layers = {};
    config.skip_outputs_layers = {};
    config.niter_to_recording = 1;
    config.niter_to_training = 3;
    return config;
  }

  void step() {
    qat.step();
    loss.forward();
    solver.zero_grad();
    loss.backward();
    solver.update();
  }

  Graph& graph() { return loss.network().graph(); }
  ParameterStore& parameters() { return *loss.network().parameters(); }
  Values inputs() { return {{image.id(), image.d()}, {label.id(), label.d()}}; }
  std::vector<VariableId> integer_values() {
    std::vector<VariableId> ids;
    for (const FunctionId id : graph().topological_order({loss.id()})) {
      const Function& function = graph().function(id);
      const bool gives = is_integer_function(function.attributes) ||
                         std::holds_alternative<QuantizeLinear>(function.attributes);
      if (gives) ids.push_back(function.outputs[0]);
    }
    return ids;
  }

  VariableRef image, label, pred, loss;
  Momentum solver;
  QATScheduler qat;
};

struct Case {
  const char* name;
  Model model;
  bool channel_wise;
  bool zero_point;
};

class PlanOfIntegers : public testing::TestWithParam<Case> {};

TEST_P(PlanOfIntegers, AllIntegersEqualTheReference) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  config.channel_wise = GetParam().channel_wise;
  config.zero_point = GetParam().zero_point;
  QuantizedJob job(GetParam().model, config);
  const std::vector<VariableId> keep = job.integer_values();
  const RunResult expected =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, nullptr);
  const RunResult given =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, poisoned_engine());
  ASSERT_GT(keep.size(), 20U);
  for (const VariableId id : keep) {
    const at::Tensor& a = expected.values.at(id);
    const at::Tensor& b = given.values.at(id);
    EXPECT_TRUE(at::equal(a, b)) << job.graph().variable(id).name << ": "
                                 << a.ne(b).sum().item<int64_t>() << " of " << a.numel();
  }
  ASSERT_EQ(expected.gradients.size(), given.gradients.size());
  for (const auto& [name, gradient] : expected.gradients) {
    // The same masks and integers: what differs is the order of float32 sums, and the rounding of
    // one scale against two.
    EXPECT_LT(relative_difference(gradient, given.gradients.at(name)), 1e-4) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, PlanOfIntegers,
                         testing::Values(Case{"MobileNetV1", models::mobilenet_v1, false, false},
                                         Case{"MobileNetV1PerChannel", models::mobilenet_v1, true,
                                              false},
                                         Case{"ResNet18", models::resnet18, false, false},
                                         Case{"ResNet18Asymmetric", models::resnet18, true, true}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace octet
