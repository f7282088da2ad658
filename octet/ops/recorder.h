// y = x, and the range of x goes into the recorder's state (quant/recorder.h) on the way.
//
// The state tensors are inputs, so that a graph holds them as Variables: m, M, count, and for
// recorders with a histogram limit and histogram. They are updated in place, without gradients.
#pragma once

#include "octet/ops/attributes.h"
#include "octet/quant/recorder_spec.h"

namespace octet {

struct Recorder {
  OCTET_ATTRIBUTES(Recorder, recorder, decay, bias_correction, percent, axis, group, observe)
  static constexpr std::array kInputs{
      InputSpec{"x"},
      InputSpec{.name = "state", .parameter = true, .variadic = true, .exact = true}};
  std::string recorder = "MinMaxMinMax";  // a name that recorder_spec() knows
  double decay = 0.99;
  bool bias_correction = true;
  double percent = 99.99;
  int64_t axis = -1;    // the channel axis of x for one range per channel; -1: one for the tensor
  int64_t group = -1;   // recorders of the same group get one range that covers all; -1: none
  bool observe = true;  // false in a validation network, which only reads the ranges
};

RecorderSpec spec_of(const Recorder& op);
Recorder recorder_for(const RecorderSpec& spec, int64_t axis, bool observe);

}  // namespace octet
