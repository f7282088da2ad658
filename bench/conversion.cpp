// How long QATScheduler takes to convert a network: both stages, training and validation network.
//
//   build/release/bench/conversion [MODEL ...]      the deepest of the zoo, if none is named
#include <octet/octet.h>

#include <chrono>
#include <cstdio>

using namespace octet;

namespace {

double seconds_to_convert(const std::string& model) {
  auto parameters = std::make_shared<ParameterStore>(1);
  Network training(parameters);
  Network validation(parameters);
  const VariableRef image = training.input("image", {1, 3, 32, 32});
  const VariableRef vimage = validation.input("image", {1, 3, 32, 32});
  const VariableRef pred = models::build_model(model, image, {.width = 0.125});
  const VariableRef vpred = models::build_model(model, vimage, {.test = true, .width = 0.125});
  QATConfig config;
  config.bn_folding = true;
  config.bn_self_folding = true;
  config.niter_to_recording = 0;
  config.niter_to_training = 1;
  QATScheduler qat(config);
  qat(pred);
  qat(vpred, /*training=*/false);
  image.d() = at::rand({1, 3, 32, 32});
  const auto timed_step = [&] {
    const auto start = std::chrono::steady_clock::now();
    qat.step();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const double recording = timed_step();
  pred.forward();  // gives every recorder something to record
  return recording + timed_step();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names(argv + 1, argv + argc);
  if (names.empty()) names = {"resnet50", "resnet101", "resnet152", "densenet121"};
  for (const std::string& name : names) {
    std::printf("%-14s %6.3f s\n", name.c_str(), seconds_to_convert(name));
  }
}
