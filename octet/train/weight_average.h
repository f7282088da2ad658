// An exponential moving average of the weights, which often validates better than the weights
// themselves.
//
//   WeightAverage average({.decay = 0.999});
//   average.set_parameters(*network.parameters());
//   ...
//   solver.update();
//   average.update();
//   ...
//   average.swap();  // validate or save with the averaged weights ...
//   average.swap();  // ... and go on training with the others
//
// Where a network is rewritten (batch normalization folded, recorders inserted), call
// set_parameters() again, as for a solver: weights that stay keep their average, new ones begin at
// their value.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "octet/graph/parameter_store.h"

namespace octet {

struct WeightAverageOptions {
  double decay = 0.999;
  // Begin with a shorter memory: the decay of the t-th update is min(decay, (1 + t) / (10 + t)),
  // t from 1, so that the first weights are forgotten soon.
  bool warm_up = true;
};

class WeightAverage {
 public:
  // Throws Error unless 0 <= decay < 1.
  explicit WeightAverage(const WeightAverageOptions& options = {});

  // Averages these from now on: those of them that hold floats. Recorded ranges and running
  // statistics follow rules of their own and do not belong here.
  void set_parameters(const std::vector<Parameter>& parameters);
  // The store's parameters with need_grad.
  void set_parameters(const ParameterStore& store);

  // average <- decay * average + (1 - decay) * weight. Throws Error while swapped.
  void update();
  // Exchanges weights and averages in place; a second call exchanges them back.
  void swap();
  bool swapped() const { return swapped_; }

  // Plain data, for checkpoints: nothing is shared with this object.
  struct State {
    int64_t updates = 0;
    std::map<std::string, at::Tensor> averages = {};
  };
  // Throws Error while swapped.
  State state() const;
  // Throws Error while swapped, and unless the state has exactly the averaged parameters, with
  // their shapes.
  void set_state(const State& state);

 private:
  void check_not_swapped(const char* what) const;

  WeightAverageOptions options_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> weights_;
  std::vector<at::Tensor> averages_;
  int64_t updates_ = 0;
  bool swapped_ = false;
};

}  // namespace octet
