#include "octet/plan/steps/quantized_convolution_step.h"

#include <ATen/ATen.h>

#include "octet/kernels/onednn/float_convolution.h"
#include "octet/ops/quantized_layers.h"
#include "octet/plan/steps/convolution_shape_of.h"
#include "octet/plan/steps/float_convolution_step.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/quantized_layer_step.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

namespace {

using layer_input::kBias, layer_input::kW, layer_input::kX;

const IntegerOutput* integer_output_of(const Attributes& attributes) {
  if (const auto* layer = std::get_if<QuantizedConvolution>(&attributes)) return layer;
  return std::get_if<QuantizedDepthwiseConvolution>(&attributes);
}

class QuantizedConvolutionStep : public QuantizedLayerStep {
 public:
  QuantizedConvolutionStep(Builder& builder, std::string name, const LayerValues& values,
                           const LayerAsConvolution& layer, const IntegerOutput& output)
      : QuantizedLayerStep(builder, std::move(name), values, layer, output) {
    if (!builder.value(this->outputs()[0]).needs_gradient) return;
    backward_.emplace(layer.shape,
                      kernels::FloatConvolution::Options{
                          .in = layer.x, .out = layer.y, .bias = has_bias(), .forward = false});
    scratch_ = builder.add_buffer(backward_->scratch_bytes());
    memory.backward_scratch.push_back(scratch_);
  }

  void backward() override {
    const float* dy = sums_gradient();
    backward_->set_weights(weights().data_ptr<float>());
    if (float* dx = input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      backward_->backward_data(dy, dx, buffer(scratch_));
    }
    float* dw = input_gradient(kW);
    float* dbias = has_bias() ? input_gradient(kBias) : nullptr;
    if (dw == nullptr && dbias == nullptr) return;
    const float* x = x_floats();
    const Timed timed(primitive_seconds_);
    backward_->backward_weights(x, dy, dw, dbias, buffer(scratch_));
  }

 protected:
  at::Tensor convolution_weights(const Value& w) const override {
    return w.tensor.to(at::kFloat).contiguous();
  }

 private:
  std::optional<kernels::FloatConvolution> backward_;  // over the same integers
  BufferId scratch_ = kNoId;
};

}  // namespace

bool add_quantized_convolution(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const IntegerOutput* integers = integer_output_of(function.attributes);
  if (integers == nullptr) return false;
  const auto shape = convolution_shape_of(
      function.attributes, builder.type(function.inputs[kX]).shape,
      builder.type(function.inputs[kW]).shape, builder.type(function.outputs[0]).shape);
  if (!shape) return false;
  const LayerAsConvolution layer{.shape = *shape,
                                 .x = quantized_layout(shape->in_channels),
                                 .y = quantized_layout(shape->out_channels)};
  const auto values = add_layer_values(builder, function, *integers, layer.x, layer.y);
  if (!values) return false;
  builder.add_step(std::make_unique<QuantizedConvolutionStep>(
      builder, builder.graph().display_name(id), *values, layer, *integers));
  return true;
}

}  // namespace octet::plan
