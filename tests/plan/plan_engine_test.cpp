// The plan against the reference interpreter: integers are equal, floats within rounding.

#include "octet/plan/plan_engine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/functions.h"
#include "octet/graph/network.h"
#include "octet/graph/parametric_functions.h"
#include "octet/graph/text.h"
#include "octet/kernels/onednn/convolution_gradients.h"
#include "octet/models/mobilenet_v1.h"
#include "octet/models/resnet.h"
#include "tests/support/plan_runs.h"
#include "tests/support/quantized_job.h"
#include "tests/support/random_graph.h"

namespace octet {
namespace {

using plan::PlanEngine;

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

TEST(PlanEngine, SimulationKeepsItsValuesUpToRounding) {
  QATConfig config;
  config.precision_mode = PrecisionMode::SIM_QNN;
  config.channel_wise = true;
  QuantizedJob job(models::mobilenet_v1, config);
  const std::vector<VariableId> keep = job.integer_values();
  const RunResult expected =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, nullptr);
  const RunResult given =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, poisoned_engine());
  // The simulation adds up floats, the plan integers: where a sum lies on the border between two
  // steps, they may take different ones, and what reads that value follows.
  double differing = 0, values = 0;
  for (const VariableId id : keep) {
    const auto found = given.values.find(id);
    if (found == given.values.end()) continue;
    const at::Tensor difference = (expected.values.at(id) - found->second).abs();
    EXPECT_LE(difference.max().item<double>(), 2) << job.graph().variable(id).name;
    differing += difference.gt(0).sum().item<double>();
    values += static_cast<double>(difference.numel());
  }
  EXPECT_GT(values, 1e5);
  EXPECT_LT(differing / values, 1e-3);
  EXPECT_LT(relative_difference(expected.values.at(job.loss.id()), given.values.at(job.loss.id())),
            1e-3);
}

TEST(PlanEngine, AnyBatchAndNumberOfThreadsGiveTheSameIntegers) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob job(models::resnet18, config);
  const int threads = at::get_num_threads();
  RandomState random(1);
  const at::Tensor images = at::randn({16, 3, 32, 32}, random.generator(at::kCPU));
  at::Tensor expected;
  PlanEngine engine;
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    for (const int64_t batch : {16, 3, 1}) {
      std::vector<at::Tensor> results;
      for (int64_t first = 0; first < 16; first += batch) {
        const Values inputs{
            {job.image.id(), images.slice(0, first, std::min(first + batch, INT64_C(16)))}};
        results.push_back(engine
                              .forward(job.graph(), job.parameters(), inputs, job.pred.id(), random,
                                       {.gradients = false, .keep = {}, .observer = {}})
                              .at(job.pred.id()));
      }
      const at::Tensor result = at::cat(results);
      if (!expected.defined()) expected = result;
      EXPECT_TRUE(at::equal(result, expected)) << count << " threads, batch " << batch;
    }
  }
  at::set_num_threads(threads);
}

// Training by plans, step after step, beside training by the reference.
void expect_training_stays_with_the_reference(GradientArithmetic arithmetic, double bound) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob by_plan(models::mobilenet_v1, config), by_reference(models::mobilenet_v1, config);
  by_plan.loss.network().set_engine(poisoned_engine(arithmetic));
  for (int i = 0; i < 5; ++i) {
    by_plan.step();
    by_reference.step();
    EXPECT_NEAR(by_plan.loss.d().item<double>(), by_reference.loss.d().item<double>(), bound) << i;
  }
}

TEST(PlanEngine, TrainingStaysWithTheReference) {
  // Gradients differ by rounding, so weights do, and a weight next to a border takes another
  // integer now and then.
  expect_training_stays_with_the_reference(GradientArithmetic::kFloat32, 2e-3);
}

TEST(PlanEngine, TrainingInBFloat16StaysWithTheReference) {
  if (!kernels::has_bfloat16()) GTEST_SKIP() << "no instructions for bfloat16";
  // Gradients are rounded to eight bits, which moves more weights across a border.
  expect_training_stays_with_the_reference(GradientArithmetic::kBFloat16, 1e-2);
}

// Beside the plan in float32, whose forward pass is the same; of gradients that go through a dozen
// layers, each of which rounds to eight bits, the direction stays and the size.
void expect_bfloat16_gradients_near(Model model, bool folding) {
  QATConfig config;
  config.precision_mode = folding ? PrecisionMode::QNN : PrecisionMode::MIXED_QNN;
  // Batch normalization over few values makes much of little.
  QuantizedJob job(model, config, folding ? 32 : 96, folding);
  const std::vector<VariableId> keep = job.integer_values();
  const auto run_in = [&](GradientArithmetic arithmetic) {
    return run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep,
                    poisoned_engine(arithmetic));
  };
  const RunResult expected = run_in(GradientArithmetic::kFloat32);
  const RunResult given = run_in(GradientArithmetic::kBFloat16);
  for (const auto& [id, value] : given.values) {
    EXPECT_TRUE(at::equal(value, expected.values.at(id))) << job.graph().variable(id).name;
  }
  ASSERT_EQ(expected.gradients.size(), given.gradients.size());
  double largest = 0;
  for (const auto& [name, gradient] : expected.gradients) {
    largest = std::max(largest, gradient.norm().item<double>());
  }
  for (const auto& [name, gradient] : expected.gradients) {
    const at::Tensor difference = gradient - given.gradients.at(name);
    // Batch normalization takes the mean of a gradient away: of what was rounded less stays, of
    // parameters in front of it nothing but rounding. Hence a part of the largest gradient.
    const double part = folding ? 0.03 : 0.06, of_largest = folding ? 1e-4 : 5e-3;
    const double bound = part * gradient.norm().item<double>() + of_largest * largest;
    EXPECT_LT(difference.norm().item<double>(), bound) << name;
  }
}

TEST(PlanEngine, GradientsInBFloat16AreThoseOfFloat32) {
  if (!kernels::has_bfloat16()) GTEST_SKIP() << "no instructions for bfloat16";
  for (const bool folding : {true, false}) {
    SCOPED_TRACE(folding ? "folded" : "not folded");
    expect_bfloat16_gradients_near(models::mobilenet_v1, folding);
    expect_bfloat16_gradients_near(models::resnet18, folding);
  }
}

TEST(PlanEngine, BFloat16NeedsItsInstructions) {
  if (kernels::has_bfloat16()) GTEST_SKIP() << "this processor has them";
  EXPECT_THAT([] { PlanEngine({.gradients = GradientArithmetic::kBFloat16}); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("[gradients] bfloat16: this")));
}

// Gradients of a whole network with batch normalization in training. Rounding moves values across
// the kink of a ReLU, so two right ones differ by parts in a thousand: what counts is that the plan
// is about as near to float64 as the reference is in float32.
void expect_gradients_as_good_as_the_references(Model model, double width, size_t least) {
  enum Way { kReference, kPlan, kDouble };
  std::map<std::string, at::Tensor> gradients[3];
  for (const Way way : {kReference, kPlan, kDouble}) {
    auto parameters = std::make_shared<ParameterStore>(5);
    Network network(parameters, "training");
    const VariableRef image = network.input("image", {16, 1, 28, 28});
    const VariableRef label = network.input("label", {16, 1});
    const VariableRef pred = model(image, {.test = false, .num_classes = 10, .width = width});
    const VariableRef loss =
        F::mean(F::softmax_cross_entropy(pred, label, {.axis = 1}), {.axes = {0, 1}});
    RandomState random(7);
    at::Generator generator = random.generator(at::kCPU);
    image.d() = at::randn({16, 1, 28, 28}, generator, at::kFloat);
    label.d() = at::randint(0, 10, {16, 1}, generator, at::kFloat);
    if (way == kPlan) network.set_engine(std::make_shared<PlanEngine>());
    if (way == kDouble) {
      image.d() = image.d().to(at::kDouble);
      for (const std::string& name : parameters->names()) {
        at::Tensor& value = parameters->at(name).value;
        value = value.detach().to(at::kDouble).requires_grad_(value.requires_grad());
      }
    }
    loss.forward();
    loss.backward();
    for (const std::string& name : parameters->names()) {
      const at::Tensor gradient = parameters->at(name).value.grad();
      if (gradient.defined()) gradients[way][name] = gradient.to(at::kDouble);
    }
  }
  const auto median_error = [&](Way way) {
    std::vector<double> errors;
    for (const auto& [name, exact] : gradients[kDouble]) {
      // In front of a batch normalization a bias and a scale have none but rounding.
      if (exact.abs().max().item<double>() < 1e-3) continue;
      errors.push_back(relative_difference(exact, gradients[way].at(name)));
    }
    std::sort(errors.begin(), errors.end());
    EXPECT_GT(errors.size(), least);
    return errors[errors.size() / 2];
  };
  EXPECT_LT(median_error(kPlan), 3 * median_error(kReference) + 1e-4);
}

TEST(PlanEngine, FloatGradientsAreAsGoodAsTheReferences) {
  expect_gradients_as_good_as_the_references(models::mobilenet_v1, 0.25, 50);
  // Its windows go by tiles.
  expect_gradients_as_good_as_the_references(models::resnet18, 0.5, 40);
}

TEST(PlanEngine, TheSameSeedGivesTheSameBits) {
  std::vector<at::Tensor> losses;
  for (int repetition = 0; repetition < 2; ++repetition) {
    QATConfig config;
    QuantizedJob job(models::resnet18, config);
    job.loss.network().set_engine(std::make_shared<PlanEngine>());
    for (int i = 0; i < 3; ++i) job.step();
    losses.push_back(job.loss.d().clone());
  }
  EXPECT_TRUE(at::equal(losses[0], losses[1]));
}

TEST(PlanEngine, CompilesAgainOnlyForAnotherGraphOrShape) {
  QATConfig config;
  QuantizedJob job(models::mobilenet_v1, config);
  auto engine = std::make_shared<PlanEngine>();
  job.loss.network().set_engine(engine);
  for (int i = 0; i < 3; ++i) job.step();
  EXPECT_EQ(engine->compiled(), 1);
  job.image.d() = job.image.d().slice(0, 0, 2);
  job.label.d() = job.label.d().slice(0, 0, 2);
  job.loss.forward();
  EXPECT_EQ(engine->compiled(), 2);
  job.graph().rename_variable(job.pred.id(), "logits");
  job.loss.forward();
  EXPECT_EQ(engine->compiled(), 3);
}

// Scales of sums are made when the plan is; a scale that is changed by hand makes another plan.
TEST(PlanEngine, AChangedScaleIsSeen) {
  QATConfig config;
  config.precision_mode = PrecisionMode::SIM_QNN;
  config.record_layers = {"Convolution"};
  QuantizedJob job(models::resnet18, config);
  const auto engine = std::make_shared<PlanEngine>();
  const auto loss = [&](const std::shared_ptr<Engine>& by) {
    job.loss.network().set_engine(by);
    job.loss.forward();
    return job.loss.d().item<double>();
  };
  const double before = loss(engine);
  EXPECT_NEAR(before, loss(nullptr), 1e-2);
  for (const std::string& name : job.parameters().names()) {
    if (!name.ends_with("scale-x0")) continue;
    at::NoGradGuard no_grad;
    job.parameters().at(name).value.mul_(8);
  }
  const double after = loss(engine);
  EXPECT_GT(std::abs(after - before), 1e-2);
  EXPECT_NEAR(after, loss(nullptr), 1e-2);
}

TEST(PlanEngine, GradientsAddUpUntilTheyAreZeroed) {
  auto parameters = std::make_shared<ParameterStore>(1);
  Network network(parameters, "net");
  const VariableRef x = network.input("x", {2, 8, 5, 5});
  const VariableRef y = F::relu(PF::convolution(x, "conv", 8, {3, 3}));
  network.set_engine(std::make_shared<PlanEngine>());
  RandomState random(1);
  x.d() = at::randn({2, 8, 5, 5}, random.generator(at::kCPU));
  at::Tensor& w = parameters->at("conv/conv/W").value;
  y.forward();
  y.backward();
  const at::Tensor once = w.grad().clone();
  y.forward();
  y.backward();
  EXPECT_TRUE(at::allclose(w.grad(), once * 2));
  // Somebody who holds a gradient keeps it.
  const at::Tensor held = w.grad();
  const at::Tensor copy = held.clone();
  w.mutable_grad().reset();
  y.forward();
  y.backward();
  EXPECT_TRUE(at::equal(held, copy));
  EXPECT_TRUE(at::equal(w.grad(), once));
}

TEST(PlanEngine, InputsOfAnotherTypeBecomeWhatTheGraphSays) {
  Network network(std::make_shared<ParameterStore>(1), "net");
  const VariableRef x = network.input("x", {2, 8, 5, 5});
  const VariableRef y = PF::convolution(x, "conv", 8, {3, 3});
  network.set_engine(std::make_shared<PlanEngine>());
  x.d() = at::arange(400).reshape({2, 8, 5, 5}).to(at::kByte);
  y.forward();
  const at::Tensor of_bytes = y.d().clone();
  x.d() = x.d().to(at::kDouble);
  y.forward();
  EXPECT_TRUE(at::equal(y.d(), of_bytes));
  x.d() = x.d().to(at::kFloat);
  network.set_engine(nullptr);
  y.forward();
  EXPECT_TRUE(at::allclose(y.d(), of_bytes, 1e-5, 1e-3));
}

// 33'000'001 is no float32, and the sums leave 32'191 of it.
TEST(PlanEngine, LargeBiasesStayWhole) {
  const Graph graph = parse_graph(R"(graph net {
  input x: float32 (1, 2048, 1, 1)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  parameter w: int8 (4, 2048, 1, 1)
  parameter b: int32 (4)
  q = QuantizeLinear(x, s, z)
  sums = QuantizedConvolution(q, s, z, w, s, s, z, b) {dtype=5}
  y = DequantizeLinear(sums, s, z)
  output y
})");
  ParameterStore parameters(1);
  parameters.set("s", at::ones({1, 1, 1, 1}), false);
  parameters.set("z", at::zeros({1, 1, 1, 1}), false);
  parameters.set("w", at::full({4, 2048, 1, 1}, 127, at::kChar), false);
  parameters.set("b", at::full({4}, -33'000'001, at::kInt), false);
  const VariableId y = graph.find_variable("y");
  const Values inputs{{graph.find_variable("x"), at::full({1, 2048, 1, 1}, 127, at::kFloat)}};
  RandomState random(1);
  const Values expected = run(graph, parameters, inputs, {y}, random, {});
  const Values given = PlanEngine().forward(graph, parameters, inputs, y, random, {});
  EXPECT_EQ(given.at(y).flatten()[0].item<float>(), 2048 * 127 * 127 - 33'000'001);
  EXPECT_TRUE(at::equal(expected.at(y), given.at(y)));
}

TEST(PlanEngine, AnErrorComesAgainInTheNextRun) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob job(models::mobilenet_v1, config);
  job.loss.network().set_engine(std::make_shared<PlanEngine>());
  for (const std::string& name : job.parameters().names()) {
    if (name.find("scale-w0") == std::string::npos) continue;
    at::NoGradGuard no_grad;
    job.parameters().at(name).value.zero_();
  }
  for (int run = 0; run < 2; ++run) EXPECT_THROW(job.loss.forward(), Error) << run;
}

TEST(PlanEngine, Messages) {
  auto parameters = std::make_shared<ParameterStore>(1);
  Network network(parameters, "net");
  const VariableRef x = network.input("x", {2, 8, 5, 5});
  const VariableRef y = F::relu(PF::convolution(x, "conv", 8, {3, 3}));
  network.set_engine(std::make_shared<PlanEngine>());
  const auto expect_error = [](const auto& action, const std::string& message) {
    try {
      action();
      ADD_FAILURE() << "no error: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()), message);
    }
  };
  expect_error([&] { y.forward(); }, "[x] the network's input has no value");
  x.d() = at::zeros({2, 8, 5, 6});
  expect_error([&] { y.forward(); },
               "[x] the input has shape (2, 8, 5, 6), the network expects (2, 8, 5, 5)");
  x.d() = at::zeros({2, 8, 5, 5});
  const std::string early =
      fmt::format("[{}] backward() needs a forward() with gradients before it", y.name());
  y.forward({.gradients = false});
  expect_error([&] { y.backward(); }, early);
  y.forward();
  y.backward();
  expect_error([&] { y.backward(); }, early);
}

TEST(PlanEngine, WhatIsNotFiniteIsAnErrorThatNamesTheValue) {
  QATConfig config;
  QuantizedJob job(models::mobilenet_v1, config);
  job.loss.network().set_engine(std::make_shared<PlanEngine>());
  const auto message = [&] {
    try {
      job.loss.forward();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const at::Tensor image = job.image.d().clone();
  job.image.d() = image.clone();
  job.image.d()[1][2][3][4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message(), "[image_quantized] 1 of 12288 values are NaN or infinite");
  job.image.d() = image;
  EXPECT_EQ(message(), "no error");
  // The scale of a layer's result, and of what an addition reads.
  for (const char* parameter : {"scale-x0", "scale-w0"}) {
    for (const std::string& name : job.parameters().names()) {
      if (!name.ends_with(parameter)) continue;
      const at::Tensor scale = job.parameters().at(name).value.clone();
      job.parameters().at(name).value.zero_();
      EXPECT_THAT(message(), testing::HasSubstr("is not a positive number")) << name;
      job.parameters().at(name).value.copy_(scale);
    }
  }
}

}  // namespace
}  // namespace octet
