// The whole way: train a network in float, turn it into a quantized one, train on, save it.
//
//   example_tutorial [STEPS] [DEVICE]      e.g. example_tutorial 600 cuda
//
// A narrow ResNet-18 on Fashion-MNIST. Half of the steps train in float; then ranges are recorded
// for ten steps; the rest trains with quantization. 600 steps see a third of the training images
// once, take half a minute on two cores, and leave the quantized network an error of about 22 %.
#include <octet/octet.h>

#include <cstdlib>
#include <iostream>

using namespace octet;

namespace {

constexpr int64_t kBatchSize = 32;

// The share of wrong answers on validation images, in percent.
double validation_error(const VariableRef& vimage, const VariableRef& vpred, int64_t max_examples) {
  const std::shared_ptr<Dataset> dataset = open_dataset("fashion-mnist", DataSplit::kValidation);
  DataLoader loader(dataset, {.batch_size = kBatchSize,
                              .shuffle = false,
                              .drop_last = false,
                              .augmentation = validation_augmentation(dataset->image_shape()),
                              .max_examples = max_examples});
  return top1_error(vimage, vpred, loader);
}

void run(int64_t max_step, c10::Device device) {
  const std::shared_ptr<Dataset> dataset = open_dataset("fashion-mnist", DataSplit::kTraining);
  DataLoader data(dataset, {.batch_size = kBatchSize,
                            .seed = 1,
                            .augmentation = training_augmentation(dataset->image_shape())});

  // Two networks with the same parameters: one to train, one to validate and to save.
  const auto parameters = std::make_shared<ParameterStore>(/*seed=*/1, device);
  Network network(parameters);
  Network validation(parameters);
  const VariableRef image = network.input("image", {kBatchSize, 1, 28, 28});
  const VariableRef label = network.input("label", {kBatchSize, 1}, DType::kInt64);
  const VariableRef vimage = validation.input("image", {kBatchSize, 1, 28, 28});
  const VariableRef pred = models::resnet18(image, {.num_classes = 10, .width = 0.25});
  const VariableRef vpred =
      models::resnet18(vimage, {.test = true, .num_classes = 10, .width = 0.25});
  const VariableRef loss = F::mean(F::softmax_cross_entropy(pred, label));

  // Compiled networks: some times quicker than one operation after the other.
  const auto engine = std::make_shared<PlanEngine>();
  network.set_engine(engine);
  validation.set_engine(engine);

  Momentum solver({.learning_rate = 0.02});
  solver.set_parameters(*parameters);

  QATConfig config;
  config.bn_folding = true;
  config.bn_self_folding = true;
  config.skip_bias = true;
  config.niter_to_recording = max_step / 2;
  config.niter_to_training = config.niter_to_recording + std::min<int64_t>(10, max_step / 4 + 1);
  QATScheduler qat(config, solver);
  qat(pred);
  qat(vpred, /*training=*/false);

  Progress progress("train", {.total_steps = max_step, .images_per_step = kBatchSize});
  for (int64_t i = 0; i < max_step; ++i) {
    qat.step();  // the one line that quantization adds
    const Batch batch = data.next();
    image.d() = batch.image;
    label.d() = batch.label;
    loss.forward();
    solver.zero_grad();
    loss.backward();
    solver.weight_decay(1e-4);
    solver.update();
    progress.step({{"loss", loss.d().item<double>()}});
  }
  progress.finish();

  std::cout << "error " << validation_error(vimage, vpred, std::min<int64_t>(10000, max_step * 20))
            << " %\n";
  qat.save("tutorial.nnp", vimage, {.batch_size = 1});
  std::cout << "the quantized network is in tutorial.nnp\n";
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? std::stoll(argv[1]) : 600, c10::Device(argc > 2 ? argv[2] : "cpu"));
  } catch (const std::exception& error) {
    std::cerr << "example_tutorial: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
