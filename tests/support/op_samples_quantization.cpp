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

// Layers on integers: x with a zero point, a scale for each output channel.
OpSample integer_layer_sample(SampleInputs& d, const Attributes& attributes, const Shape& x,
                              const Shape& w, int64_t outmaps) {
  const auto one = [](double value) { return at::full({1}, value, at::kFloat); };
  return {.attributes = attributes,
          .inputs = {d.uniform(x, -100, 100).round(), one(0.1), one(3),
                     d.uniform(w, -100, 100).round(), d.uniform({outmaps}, 0.01, 0.1), one(9),
                     one(-4), d.uniform({outmaps}, -50, 50).round()},
          .batch = {0},
          .integers_in_floats = true};
}

std::vector<OpSample> integer_samples(SampleInputs& d) {
  const at::Tensor x = d.uniform({2, 3, 6, 6}, -100, 100).round();
  const at::Tensor s = at::full({1}, 0.1, at::kFloat);
  const at::Tensor z = at::full({1}, 3, at::kFloat);
  const at::Tensor m = d.uniform({2, 4, 4}, -100, 100).round();
  QuantizedAveragePooling pooling;
  pooling.kernel = {2, 2};
  const auto sample = [](const Attributes& attributes, const std::vector<at::Tensor>& inputs,
                         const std::vector<size_t>& batch) {
    return OpSample{
        .attributes = attributes, .inputs = inputs, .batch = batch, .integers_in_floats = true};
  };
  const at::Tensor table = at::arange(-128, 128).flip(0).to(at::kChar);
  return {
      integer_layer_sample(d, QuantizedConvolution{}, {2, 3, 6, 6}, {4, 3, 3, 3}, 4),
      integer_layer_sample(d, QuantizedDepthwiseConvolution{}, {2, 3, 6, 6}, {3, 3, 3}, 3),
      integer_layer_sample(d, QuantizedDeconvolution{}, {2, 3, 6, 6}, {3, 4, 3, 3}, 4),
      integer_layer_sample(d, QuantizedDepthwiseDeconvolution{}, {2, 3, 6, 6}, {3, 3, 3}, 3),
      integer_layer_sample(d, QuantizedAffine{}, {2, 5}, {5, 4}, 4),
      sample(QuantizedBatchMatmul{}, {m, s, z, m.flip(0), s, z, s * 40, z}, {0, 3}),
      sample(QuantizedAdd2{}, {x, s, z, x.flip(0), s, z, s, z}, {0, 3}),
      sample(QuantizedSub2{}, {x, s, z, x.flip(0), s, z, s, z}, {0, 3}),
      sample(QuantizedMul2{}, {x, s, z, x.flip(0), s, z, s, z}, {0, 3}),
      sample(QuantizedConcatenate{}, {s, z, x, s, z, x.flip(0), s, z}, {2, 5}),
      sample(pooling, {x, s, z, s, z}, {0}),
      sample(QuantizedGlobalAveragePooling{}, {x, s, z, s, z}, {0}),
      sample(QuantizedLookup{}, {x, table}, {0}),
      sample(Requantize{}, {x, s, z, s * 2, z}, {0}),
  };
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
  std::vector<OpSample> samples{
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
  for (OpSample& sample : integer_samples(d)) samples.push_back(std::move(sample));
  return samples;
}

}  // namespace octet
