// A small network that is trained with quantization in a few steps, for tests of the scheduler.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <string>

#include "octet/base/error.h"
#include "octet/graph/functions.h"
#include "octet/graph/parametric_functions.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/momentum.h"

namespace octet {

// conv - bn - relu - conv - bn - add - pool - affine, as training and validation network.
// In training, Dropouts with that probability: in front of a layer, on one branch of the addition,
// and between a layer and its activation.
inline VariableRef small_net(const VariableRef& image, bool test,
                             std::optional<double> dropout = {}) {
  const auto dropped = [&](const VariableRef& x) {
    return test || !dropout ? x : F::dropout(x, {.p = *dropout});
  };
  VariableRef h = PF::convolution(image, "conv1", 8, {3, 3}, {.pad = {1, 1}, .with_bias = false});
  h = F::relu(dropped(PF::batch_normalization(h, "bn1", {.batch_stat = !test})));
  VariableRef g =
      PF::convolution(dropped(h), "conv2", 8, {3, 3}, {.pad = {1, 1}, .with_bias = false});
  g = PF::batch_normalization(g, "bn2", {.batch_stat = !test});
  h = dropped(F::relu(F::add2(h, g)));
  return PF::affine(F::global_average_pooling(h), "fc", 5);
}

struct Nets {
  explicit Nets(std::optional<double> dropout = {}, uint64_t seed = 3) {
    parameters = std::make_shared<ParameterStore>(seed);
    Network training(parameters, "training");
    Network validation(parameters, "validation");
    image = training.input("image", {4, 3, 8, 8});
    label = training.input("label", {4, 1});
    pred = small_net(image, false, dropout);
    loss = F::mean(F::softmax_cross_entropy(pred, label, {.axis = 1}), {.axes = {0, 1}});
    vimage = validation.input("image", {4, 3, 8, 8});
    vpred = small_net(vimage, true);
    at::Generator generator = random.generator(at::kCPU);
    data = at::randn({16, 4, 3, 8, 8}, generator, at::kFloat);
    labels = at::randint(0, 5, {16, 4, 1}, generator, at::kFloat);
  }

  void step(Solver& solver, int64_t i) {
    image.d() = data[i % 16];
    label.d() = labels[i % 16];
    loss.forward();
    solver.zero_grad();
    loss.backward();
    solver.weight_decay(1e-4);
    solver.update();
  }

  at::Tensor validate() {
    vimage.d() = data[0];
    vpred.forward({.gradients = false});
    return vpred.d();
  }

  RandomState random{11};
  std::shared_ptr<ParameterStore> parameters;
  VariableRef image, label, pred, loss, vimage, vpred;
  at::Tensor data, labels;
};

inline QATConfig short_config() {
  QATConfig config;
  config.bn_folding = true;
  config.bn_self_folding = true;
  config.skip_inputs_layers = {};
  config.skip_outputs_layers = {};
  config.niter_to_recording = 2;
  config.niter_to_training = 5;
  return config;
}

struct Job {
  explicit Job(const QATConfig& config = short_config(), std::optional<double> dropout = {})
      : nets(dropout), solver({.learning_rate = 0.1, .momentum = 0.9}), qat(config, solver) {
    solver.set_parameters(*nets.parameters);
    qat(nets.pred);
    qat(nets.vpred, /*training=*/false);
  }
  void steps(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      qat.step();
      nets.step(solver, qat.counter() - 1);
    }
  }

  Nets nets;
  Momentum solver;
  QATScheduler qat;
};

template <class F>
std::string error_of(F&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace octet
