// Quantizes a trained network from a file: records ranges over some batches, trains on for some
// steps with quantization, saves.
//
//   example_quantize_nnp IN.nnp DATA OUT.nnp [STEPS]
//   example_quantize_nnp float.nnp fashion-mnist int8.nnp 100
//
// IN has one input, images (N, C, H, W), and one output, logits (N, classes). DATA is written as
// for the program octet: fashion-mnist, idx:DIR, cifar10:DIR or images:DIR. STEPS: at least 1.
#include <octet/octet.h>

#include <cstdlib>
#include <iostream>

using namespace octet;

namespace {

constexpr int64_t kRecordingSteps = 4;

void quantize(const std::string& in, const std::string& data, const std::string& out,
              int64_t steps) {
  const NnpModel model = read_nnp(in);
  const NetworkPair networks = network_pair_of(model.graph, model.parameters, in);
  const std::shared_ptr<Dataset> dataset = open_dataset(data, DataSplit::kTraining);
  const int64_t size = networks.image.shape().back();
  DataLoader loader(dataset, {.batch_size = 32,
                              .augmentation = training_augmentation(dataset->image_shape(), size)});
  Momentum solver({.learning_rate = 1e-3});
  solver.set_parameters(*model.parameters);

  QATConfig config;
  config.bn_folding = true;
  config.bn_self_folding = true;
  config.channel_wise = true;
  config.learning_rate_scale = 1;
  config.niter_to_recording = 0;
  config.niter_to_training = kRecordingSteps;
  QATScheduler qat(config, solver);
  qat(networks.pred);
  qat(networks.validation_pred, /*training=*/false);

  TrainerOptions options;
  options.max_steps = kRecordingSteps + steps;
  TrainingHooks hooks;
  hooks.before_step = [&] { qat.step(); };
  hooks.stage = [&] { return std::string(to_string(qat.state())); };
  Trainer(networks, solver, loader, options, hooks).run();
  qat.save(out, networks.validation_image);
  std::cout << "the quantized network is in " << out << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: example_quantize_nnp IN.nnp DATA OUT.nnp [STEPS]\n";
    return 2;
  }
  try {
    quantize(argv[1], argv[2], argv[3], argc > 4 ? std::stoll(argv[4]) : 100);
  } catch (const std::exception& error) {
    std::cerr << "example_quantize_nnp: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
