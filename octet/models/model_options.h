// What all models of the zoo have in common.
#pragma once

#include <cstdint>

namespace octet::models {

// How a network begins.
enum class Stem {
  kAuto,   // kLarge for images of 64 pixels and more, else kSmall
  kLarge,  // as published for 224 x 224: the resolution is halved early
  kSmall,  // for 32 x 32 (CIFAR) and 28 x 28 (MNIST): a convolution with stride 1, no pooling
};

struct ModelOptions {
  bool test = false;  // false: batch statistics (training); true: running statistics (validation)
  int64_t num_classes = 1000;
  double width = 1.0;  // multiplies the channels of every layer but the last; above 0
  Stem stem = Stem::kAuto;
  bool channel_last = false;  // images (N, H, W, C) instead of (N, C, H, W)
};

}  // namespace octet::models
