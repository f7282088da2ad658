// Quantizes a trained network from a file: records ranges over some batches, trains on for some
// steps with quantization, saves.
//
//   example_quantize_nnp IN.nnp DATA OUT.nnp [STEPS]
//   example_quantize_nnp float.nnp fashion-mnist int8.nnp 100
//
// IN has one input, images (N, C, H, W), and one output, logits (N, classes). DATA is written as
// for the program octet: fashion-mnist, idx:DIR, cifar10:DIR or images:DIR. STEPS 0 only records.
#include <octet/octet.h>

#include <cstdlib>
#include <iostream>

using namespace octet;

namespace {

constexpr int64_t kBatchSize = 32;
constexpr int64_t kRecordingSteps = 4;

void quantize(const std::string& in, const std::string& data, const std::string& out,
              int64_t steps) {
  NnpModel model = read_nnp(in, {.batch_size = kBatchSize});
  const VariableId output = model.graph.outputs().at(0);
  const VariableId input = model.graph.leaves({output}).at(0);
  Network network = make_network(std::move(model.graph), model.parameters);
  const VariableRef image = network.ref(input);
  const VariableRef pred = network.ref(output);
  const VariableRef label = network.input("label", {kBatchSize, 1}, DType::kInt64);
  const VariableRef loss = F::mean(F::softmax_cross_entropy(pred, label));

  const std::shared_ptr<Dataset> dataset = open_dataset(data, Split::kTraining);
  DataLoader loader(dataset, {.batch_size = kBatchSize,
                              .augmentation = training_augmentation(dataset->image_shape(),
                                                                    image.shape().back())});
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
  qat(pred);

  for (int64_t i = 0; i <= kRecordingSteps + steps; ++i) {
    qat.step();  // the last call with STEPS 0 is the one that leaves RECORDING
    if (i == kRecordingSteps + steps) break;
    const Batch batch = loader.next();
    image.d() = batch.image;
    label.d() = batch.label;
    loss.forward();
    solver.zero_grad();
    loss.backward();
    solver.update();
  }
  qat.save(out, image);
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
