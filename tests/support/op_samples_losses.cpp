// Samples of losses and metrics.

#include <ATen/ATen.h>

#include "tests/support/op_samples.h"

namespace octet {

std::vector<OpSample> loss_samples() {
  SampleInputs d;
  const at::Tensor scores = d.uniform({4, 5});
  const at::Tensor maps = d.uniform({2, 5, 3});
  const at::Tensor probabilities = d.uniform({4, 5}, 0.1, 0.9);
  const at::Tensor labels = d.integers({4, 1}, 5);
  const at::Tensor map_labels = d.integers({2, 1, 3}, 5);
  const at::Tensor other = d.uniform({4, 5});
  const at::Tensor bits = d.bits({4, 5});
  return {
      {SoftmaxCrossEntropy{}, {scores, labels}, {0, 1}, {0}},
      {SoftmaxCrossEntropy{.axis = 1}, {maps, map_labels.to(at::kFloat) - 1}, {0, 1}, {0}},
      {CategoricalCrossEntropy{}, {probabilities, labels}, {0, 1}, {0}},
      {SigmoidCrossEntropy{}, {scores, bits}, {0, 1}, {0}},
      {BinaryCrossEntropy{}, {probabilities, bits}, {0, 1}, {0, 1}},
      {SquaredError{}, {scores, other}, {0, 1}, {0, 1}},
      {AbsoluteError{}, {scores, other}, {0, 1}, {0, 1}},
      {HuberLoss{.delta = 0.7F}, {scores, other}, {0, 1}, {0, 1}},
      {EpsilonInsensitiveLoss{.epsilon = 0.3F}, {scores, d.uniform({5})}, {0}, {0, 1}},
      {KLMultinomial{}, {probabilities, d.uniform({4, 5}, 0.1, 0.9)}, {0, 1}, {0, 1}},
      {NegativeLogLikelihood{}, {scores, labels.flatten(), d.uniform({5}, 0.1, 2)}, {}, {0, 2}},
      {NegativeLogLikelihood{.reduction = "none", .ignore_index = 2},
       {maps, map_labels.squeeze(1)},
       {0, 1},
       {0}},
      {TopNError{.n = 2}, {scores, labels}, {0, 1}},
      {TopNError{.axis = 1}, {maps, map_labels.to(at::kFloat)}, {0, 1}},
      {BinaryError{}, {probabilities, bits}, {0, 1}},
      {ConfusionMatrix{}, {scores, labels}, {0, 1}},
  };
}

}  // namespace octet
