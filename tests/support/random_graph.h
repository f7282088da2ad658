// Random image networks for tests: whatever holds for a pass must hold on all of them.
#pragma once

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

struct RandomGraphOptions {
  int layers = 12;                  // between the input and the head
  int64_t batch = 2;                // may be kFreeDim
  int64_t image_size = 8;           // height and width
  bool batch_statistics = false;    // batch normalization as in training
  bool smooth_activations = false;  // none with kinks, for finite differences
};

// A network on an input "x" of (batch, 3, image_size, image_size), made of convolutions (grouped,
// dilated, depthwise, transposed, some sharing their weights), batch normalizations (plain, fused,
// on inputs, after sums and forks, after Affine), activations, residual and constant additions,
// concatenations, pooling, Split with Stack, and a head of Affine layers; one or two outputs.
// Values are read by several layers, and some by none. Parameters are added to the store, replacing
// those of the same name. The same seed gives the same network.
Graph random_graph(uint64_t seed, ParameterStore& parameters,
                   const RandomGraphOptions& options = {});

}  // namespace octet
