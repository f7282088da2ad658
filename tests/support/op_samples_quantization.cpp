// Samples of the quantization operations. Rounding makes their gradients straight-through ones,
// which tests/quant checks by their definition.

#include <ATen/ATen.h>

#include "octet/quant/recorder.h"
#include "tests/support/op_samples.h"

namespace octet {
namespace {

OpSample recorder_sample(SampleInputs& d, const std::string& name, int64_t axis) {
  Recorder recorder;
  recorder.recorder = name;
  recorder.axis = axis;
  std::vector<at::Tensor> inputs{d.uniform({2, 3, 4})};
  for (const StateTensor& state : recorder_state(spec_of(recorder), axis == -1 ? 0 : 3)) {
    inputs.push_back(state.initial);
  }
  return {.attributes = recorder, .inputs = inputs, .batch = {0}, .gradients = {0}};
}

}  // namespace

std::vector<OpSample> quantization_samples() {
  SampleInputs d;
  const at::Tensor x = d.uniform({2, 3, 4}, -10, 10);
  const at::Tensor scale = at::full({1, 1, 1}, 0.05, at::kFloat);
  const at::Tensor scales = d.uniform({1, 3, 1}, 0.05, 0.1);
  const at::Tensor zero = at::zeros({1, 1, 1});
  QuantizeLinear to_uint4;
  to_uint4.dtype = 2;
  to_uint4.bits = 4;
  return {
      {.attributes = QuantizeLinear{},
       .inputs = {x, scale, zero},
       .batch = {0},
       .integers_in_floats = true},
      {.attributes = to_uint4,
       .inputs = {x, scales, at::full({1, 3, 1}, 7.0, at::kFloat)},
       .batch = {0},
       .integers_in_floats = true},
      {DequantizeLinear{}, {x.round(), scales, zero}, {0}, {0}},
      {DynamicQuantizeLinear{}, {x}},
      {LearnedScale{}, {d.uniform({3})}, {}, {0}},
      recorder_sample(d, "MinMaxMinMax", -1),
      recorder_sample(d, "MaxMva", 1),
      recorder_sample(d, "MSE", -1),
  };
}

}  // namespace octet
