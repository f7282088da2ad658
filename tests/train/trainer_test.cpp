#include "octet/train/trainer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "octet/base/error.h"
#include "octet/graph/functions.h"
#include "octet/train/evaluation.h"
#include "octet/train/momentum.h"
#include "octet/train/sgd.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::message_of;

// Two classes that a line separates: the label says which of two pixels is the brighter one.
class PixelDataset : public Dataset {
 public:
  explicit PixelDataset(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  int64_t num_classes() const override { return 2; }
  Shape image_shape() const override { return {1, 1, 2}; }
  Example get(int64_t index) const override {
    const int64_t label = index % 2;
    at::Tensor image = at::full({1, 1, 2}, 0.1F + 0.01F * static_cast<float>(index % 7));
    image[0][0][label] += 0.5F;
    return {image, label};
  }
  std::string source(int64_t index) const override { return fmt::format("pixel {}", index); }
  std::vector<std::string> class_names() const override { return {"left", "right"}; }

 private:
  int64_t size_;
};

DataLoaderOptions loader_options(int64_t batch_size, bool training) {
  DataLoaderOptions options;
  options.batch_size = batch_size;
  options.shuffle = training;
  options.drop_last = training;
  options.seed = 1;
  options.workers = 0;
  return options;
}

// Everything that a training consists of; two of them with the same arguments do the same.
struct Fixture {
  explicit Fixture(double learning_rate = 0.5)
      : store(std::make_shared<ParameterStore>(3)),
        solver({.learning_rate = learning_rate, .momentum = 0.9}),
        loader(std::make_shared<PixelDataset>(40), loader_options(8, true)),
        validation(std::make_shared<PixelDataset>(10), loader_options(4, false)) {
    const BuildModel build = [this](const VariableRef& image, bool test) {
      Network network = image.network();
      store->get_or_create("W", {2, 2}, normal_initializer(1));
      const VariableRef x = test ? image : F::dropout(image, {.p = 0.25});
      return F::affine(x, network.parameter("W"));
    };
    networks = build_network_pair(build, store, {1, 1, 2}, 8);
    networks.pred.network().random().reseed(5);
    solver.set_parameters(*store);
    options.max_steps = 40;
    options.progress.out = &log;
    options.progress.terminal = false;
  }
  at::Tensor weights() const { return store->at("W").value.detach().clone(); }
  double validation_error() {
    return top1_error(networks.validation_image, networks.validation_pred, validation);
  }

  std::shared_ptr<ParameterStore> store;
  Momentum solver;
  DataLoader loader;
  DataLoader validation;
  NetworkPair networks;
  TrainerOptions options;
  std::ostringstream log;
};

TEST(Trainer, Learns) {
  Fixture setup;
  Trainer trainer(setup.networks, setup.solver, setup.loader, setup.options);
  const TrainingResult result = trainer.run();
  EXPECT_EQ(result.steps, 40);
  EXPECT_EQ(trainer.steps(), 40);
  EXPECT_LT(result.loss, 0.7);
  EXPECT_GT(result.seconds_per_step, 0);
  EXPECT_EQ(setup.validation_error(), 0);
  EXPECT_NE(setup.log.str().find("train 40/40  loss "), std::string::npos) << setup.log.str();
}

TEST(Trainer, FollowsTheSchedule) {
  Fixture setup(1.0);
  setup.options.max_steps = 4;
  setup.options.schedule = {.kind = ScheduleKind::kPolynomial, .max_steps = 4};
  std::vector<double> rates;
  const TrainingHooks hooks{.before_step = [&] { rates.push_back(setup.solver.learning_rate()); }};
  Trainer(setup.networks, setup.solver, setup.loader, setup.options, hooks).run();
  EXPECT_EQ(rates, (std::vector<double>{1, 0.75, 0.5, 0.25}));
}

// What QATScheduler does when TRAINING begins.
TEST(Trainer, KeepsAScaleThatTheHookPutsOnTheLearningRate) {
  Fixture setup(1.0);
  setup.options.max_steps = 4;
  setup.options.schedule = {.kind = ScheduleKind::kPolynomial, .max_steps = 4};
  std::vector<double> rates;
  const TrainingHooks hooks{.before_step = [&] {
    if (rates.size() == 1) setup.solver.set_learning_rate(setup.solver.learning_rate() * 0.5);
    rates.push_back(setup.solver.learning_rate());
  }};
  Trainer(setup.networks, setup.solver, setup.loader, setup.options, hooks).run();
  EXPECT_EQ(rates, (std::vector<double>{1, 0.375, 0.25, 0.125}));
}

TEST(Trainer, DecaysAndClips) {
  Fixture setup(1.0);
  setup.options.max_steps = 1;
  setup.options.weight_decay = 1e6;
  setup.options.clip_norm = 0.25;
  const at::Tensor before = setup.weights();
  Trainer(setup.networks, setup.solver, setup.loader, setup.options).run();
  // The decay is all that is left of the gradient, and its norm is the bound.
  const at::Tensor moved = before - setup.weights();
  EXPECT_NEAR(moved.norm().item<double>(), 0.25, 1e-5);
  EXPECT_TRUE(at::allclose(moved / 0.25, before / before.norm(), 1e-4, 1e-4));
}

TEST(Trainer, ResumesBitForBit) {
  const test::TemporaryFolder folder;
  const auto options_of = [&](Fixture& setup, int64_t steps) {
    setup.options.max_steps = steps;
    setup.options.schedule = {.kind = ScheduleKind::kCosine, .max_steps = 12};
    setup.options.average_decay = 0.9;
    setup.options.checkpoint = folder.path("checkpoint");
    return setup.options;
  };
  Fixture whole;
  Trainer all(whole.networks, whole.solver, whole.loader, options_of(whole, 12));
  all.run();
  Fixture first;
  Trainer(first.networks, first.solver, first.loader, options_of(first, 7)).run();
  Fixture second;
  Trainer rest(second.networks, second.solver, second.loader, options_of(second, 12));
  rest.resume(folder.path("checkpoint"));
  EXPECT_EQ(rest.steps(), 7);
  EXPECT_EQ(rest.run().steps, 5);
  EXPECT_TRUE(at::equal(whole.weights(), second.weights()));
  all.average()->swap();
  rest.average()->swap();
  EXPECT_TRUE(at::equal(whole.weights(), second.weights()));
}

TEST(Trainer, StopsBehindAStepAndGoesOn) {
  const test::TemporaryFolder folder;
  const auto options_of = [&](Fixture& setup) {
    setup.options.max_steps = 12;
    setup.options.schedule = {.kind = ScheduleKind::kCosine, .max_steps = 12};
    setup.options.checkpoint = folder.path("checkpoint");
    return setup.options;
  };
  Fixture whole;
  const TrainingResult all =
      Trainer(whole.networks, whole.solver, whole.loader, options_of(whole)).run();
  EXPECT_FALSE(all.stopped);
  Fixture first;
  Trainer begun(first.networks, first.solver, first.loader, options_of(first));
  const TrainingResult part = begun.run([&] { return begun.steps() == 5; });
  EXPECT_TRUE(part.stopped);
  EXPECT_EQ(part.steps, 5);
  Fixture second;
  Trainer rest(second.networks, second.solver, second.loader, options_of(second));
  rest.resume(folder.path("checkpoint"));
  EXPECT_EQ(rest.run().steps, 7);
  EXPECT_TRUE(at::equal(whole.weights(), second.weights()));
}

// A signal that comes with the last step changes nothing.
TEST(Trainer, IsNotStoppedBehindTheLastStep) {
  Fixture setup;
  setup.options.max_steps = 1;
  Trainer trainer(setup.networks, setup.solver, setup.loader, setup.options);
  EXPECT_FALSE(trainer.run([] { return true; }).stopped);
}

TEST(Trainer, ResumesAtItsEndButNotBeyond) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("checkpoint");
  Fixture first;
  first.options.max_steps = 7;
  first.options.checkpoint = path;
  Trainer(first.networks, first.solver, first.loader, first.options).run();
  Fixture same;
  same.options.max_steps = 7;
  Trainer ended(same.networks, same.solver, same.loader, same.options);
  ended.resume(path);
  EXPECT_EQ(ended.run().steps, 0);
  EXPECT_TRUE(at::equal(first.weights(), same.weights()));
  Fixture fewer;
  fewer.options.max_steps = 6;
  Trainer beyond(fewer.networks, fewer.solver, fewer.loader, fewer.options);
  EXPECT_EQ(message_of<Error>([&] { beyond.resume(path); }),
            "[" + path +
                "] the checkpoint is at step 7, beyond the 6 steps asked for; ask for more "
                "(--steps, --epochs)");
}

TEST(Trainer, CarriesTheSchedulersStateAndScale) {
  const test::TemporaryFolder folder;
  int counter = 0;
  const auto hooks_of = [&](Fixture& setup) {
    return TrainingHooks{.before_step =
                             [&] {
                               if (counter++ == 1) {
                                 setup.solver.set_learning_rate(setup.solver.learning_rate() / 4);
                               }
                             },
                         .stage = [] { return "STAGE"; },
                         .save = [&] { return std::to_string(counter); },
                         .restore = [&](const std::string& state) { counter = std::stoi(state); }};
  };
  Fixture first(1.0);
  first.options.max_steps = 3;
  first.options.checkpoint = folder.path("checkpoint");
  Trainer(first.networks, first.solver, first.loader, first.options, hooks_of(first)).run();
  EXPECT_NE(first.log.str().find("train STAGE 3/3"), std::string::npos) << first.log.str();
  counter = 0;
  Fixture second(1.0);
  Trainer rest(second.networks, second.solver, second.loader, second.options, hooks_of(second));
  rest.resume(folder.path("checkpoint"));
  EXPECT_EQ(counter, 3);
  rest.run();
  EXPECT_EQ(second.solver.learning_rate(), 0.25);
}

TEST(Trainer, StopsWhereTheLossIsNotFinite) {
  Fixture setup;
  {
    const at::NoGradGuard no_grad;
    setup.store->at("W").value.fill_(std::numeric_limits<float>::quiet_NaN());
  }
  Trainer trainer(setup.networks, setup.solver, setup.loader, setup.options);
  try {
    trainer.run();
    FAIL();
  } catch (const TrainingError& error) {
    EXPECT_STREQ(error.what(), "[train] the loss is NaN at step 0; a lower learning rate may help");
  }
}

// Quantization cannot hold what is not finite; the layer and the step are named.
TEST(Trainer, NamesAQuantizedValueThatIsNotFinite) {
  Fixture setup;
  TrainingHooks hooks;
  int64_t steps = 0;
  hooks.before_step = [&] {
    if (steps++ != 2) return;
    const at::NoGradGuard no_grad;
    setup.store->at("W").value.fill_(std::numeric_limits<float>::infinity());
    Graph& graph = setup.networks.pred.network().graph();
    for (const FunctionId id : graph.topological_order()) {
      const std::vector<VariableId> inputs = graph.function(id).inputs;
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (graph.variable(inputs[i]).name != "W") continue;
        setup.store->set("scale", at::ones({1, 1}), false);
        const VariableId scale = graph.add_parameter("scale", {DType::kFloat32, {1, 1}, {}});
        const FunctionId q =
            graph.add_function(QuantizeLinear{}, {inputs[i], scale, scale}, "", {"W_quantized"});
        return graph.set_input(id, i, graph.output_of(q));
      }
    }
  };
  Trainer trainer(setup.networks, setup.solver, setup.loader, setup.options, hooks);
  try {
    trainer.run();
    FAIL();
  } catch (const TrainingError& error) {
    EXPECT_STREQ(error.what(),
                 "[W_quantized] 4 of 4 values are NaN or infinite at step 2; a lower learning rate "
                 "may help");
  }
}

TEST(Trainer, SaysWhatIsWrong) {
  Fixture setup;
  const auto message = [&](auto TrainerOptions::*field, auto value) {
    TrainerOptions options;
    options.*field = value;
    return message_of<Error>([&] { Trainer(setup.networks, setup.solver, setup.loader, options); });
  };
  EXPECT_EQ(message(&TrainerOptions::max_steps, 0),
            "[train] the number of steps must be 1 or more, not 0");
  EXPECT_EQ(message(&TrainerOptions::clip_norm, -1),
            "[train] the norm to clip at must be 0 or more, not -1");
  EXPECT_EQ(message(&TrainerOptions::checkpoint_every, 0),
            "[train] the steps between checkpoints must be 1 or more, not 0");
}

TEST(Trainer, SaysWhatIsWrongWithACheckpoint) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("checkpoint");
  Fixture setup;
  Trainer trainer(setup.networks, setup.solver, setup.loader, setup.options);
  Checkpoint checkpoint;
  save_checkpoint(path, checkpoint);
  EXPECT_EQ(message_of<FileError>([&] { trainer.resume(path); }),
            "[" + path + "] the checkpoint was not written by a trainer");
  checkpoint.texts["trainer"] = "{}";
  checkpoint.random_states["network"] = "12345678";
  save_checkpoint(path, checkpoint);
  EXPECT_EQ(message_of<FileError>([&] { trainer.resume(path); }),
            "[" + path + "] the trainer's state is damaged: {}");
  checkpoint.texts["trainer"] = "{\"base_learning_rate\": 1}";
  checkpoint.weight_average = WeightAverage::State{};
  save_checkpoint(path, checkpoint);
  EXPECT_EQ(message_of<Error>([&] { trainer.resume(path); }),
            "[" + path + "] the checkpoint was written with averaged weights");
}

TEST(Top1Error, CountsEveryExampleOnce) {
  Fixture setup;
  {
    const at::NoGradGuard no_grad;
    // Always the left pixel: right for even examples.
    setup.store->at("W").value.copy_(at::tensor({1.0F, 0.0F, 1.0F, 0.0F}).reshape({2, 2}));
  }
  EXPECT_EQ(setup.validation_error(), 50);
  // Again from the beginning, wherever the loader is.
  setup.validation.next();
  EXPECT_EQ(setup.validation_error(), 50);
}

}  // namespace
}  // namespace octet
