#include "octet/plan/steps/quantized_convolution_step.h"

#include <ATen/ATen.h>

#include "octet/kernels/integer_layer_gradients.h"
#include "octet/kernels/onednn/convolution_gradients.h"
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
      : QuantizedLayerStep(builder, std::move(name), values, layer, output),
        bfloat16_(builder.bfloat16()) {}

  bool takes_bfloat16() const override { return bfloat16_; }
  bool gives_bfloat16(size_t i) const override { return bfloat16_ && i == kX; }

  void plan_backward(Arena& arena) override {
    const auto add = [&](BufferId& buffer, int64_t bytes) {
      buffer = arena.add(bytes);
      memory.backward_scratch.push_back(buffer);
    };
    const int64_t size = bfloat16_ ? 2 : 4, dy_bytes = layer().rows().elements() * size;
    in_one_ = kernels::make_integer_layer_gradients(layer().shape, layer().x, layer().y, bfloat16_);
    if (in_one_ != nullptr) {
      add(scratch_, in_one_->scratch_bytes());
      if (normalizes()) add(dy_, dy_bytes);
      return;
    }
    gradients_ = kernels::make_convolution_gradients(layer().shape,
                                                     {.in = layer().x,
                                                      .out = layer().y,
                                                      .bias = has_bias(),
                                                      .bfloat16 = bfloat16_,
                                                      .bfloat16_dx = input(kX).bfloat16_gradient});
    add(x_, input(kX).elements() * size);
    add(scratch_, gradients_->scratch_bytes());
    if (bfloat16_) add(dy_, dy_bytes);
  }

  void backward() override {
    if (in_one_ != nullptr) return backward_in_one();
    const kernels::Gradient dy = bfloat16_ ? half(dy_) : output().any_gradient();
    sums_gradient(dy);
    if (const kernels::Gradient dx = any_input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      gradients_->backward_data(dy, weights().data_ptr<float>(), dx, buffer(scratch_));
    }
    float* dw = input_gradient(kW);
    float* dbias = has_bias() ? input_gradient(kBias) : nullptr;
    if (dw == nullptr && dbias == nullptr) return;
    const kernels::Gradient x = bfloat16_ ? half(x_) : kernels::Gradient(float_buffer(x_));
    widen_x(x);
    const Timed timed(primitive_seconds_);
    gradients_->backward_weights(x, dy, dw, dbias, buffer(scratch_));
  }

 protected:
  at::Tensor convolution_weights(const Value& w) const override {
    return w.tensor.to(at::kFloat).contiguous();
  }

 private:
  void backward_in_one() {
    const Value& x = input(kX);
    kernels::IntegerLayerGradients::Operands operands{.x = x.data,
                                                      .is_signed = x.is_signed(),
                                                      .x_zero_point = x_zero_point(),
                                                      .dy = output().any_gradient(),
                                                      .passes = passes(),
                                                      .multiplier = sums_multiplier(),
                                                      .weights = weights().data_ptr<float>()};
    if (normalizes()) {
      constexpr static float kOne[] = {1.0F};
      operands.dy = bfloat16_ ? half(dy_) : kernels::Gradient(float_buffer(dy_));
      operands.passes = nullptr;
      operands.multiplier = kOne;
      sums_gradient(operands.dy);
    }
    const Timed timed(primitive_seconds_);
    in_one_->run(operands, any_input_gradient(kX), input_gradient(kW),
                 has_bias() ? input_gradient(kBias) : nullptr, buffer(scratch_));
  }

  kernels::Gradient half(BufferId id) const { return static_cast<kernels::BFloat16*>(buffer(id)); }

  bool bfloat16_;
  std::unique_ptr<kernels::ConvolutionGradients> gradients_;
  std::unique_ptr<kernels::IntegerLayerGradients> in_one_;  // in its place
  BufferId x_ = kNoId, dy_ = kNoId, scratch_ = kNoId;       // widened, masked
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
