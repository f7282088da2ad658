// A small classifier that QATScheduler has taken to TRAINING.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <utility>
#include <vector>

#include "octet/graph/functions.h"
#include "octet/graph/network.h"
#include "octet/models/model_options.h"
#include "octet/passes/integer_functions.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/momentum.h"

namespace octet {

using Model = VariableRef (*)(const VariableRef& image, const models::ModelOptions& options);

// Four images of 3 channels and 10 classes, folded or not, all of its layers quantized.
struct QuantizedJob {
  QuantizedJob(Model model, QATConfig config, int64_t image_size = 32, bool folding = true)
      : solver({.learning_rate = 0.01}), qat(configured(std::move(config), folding), solver) {
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

  static QATConfig configured(QATConfig config, bool folding) {
    config.bn_folding = folding;
    config.bn_self_folding = folding;
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

}  // namespace octet
