#include "octet/plan/steps/quantized_convolution_step.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/kernels/elementwise.h"
#include "octet/kernels/onednn/float_convolution.h"
#include "octet/kernels/requantize.h"
#include "octet/ops/quantized_layers.h"
#include "octet/plan/steps/convolution_shape_of.h"
#include "octet/plan/steps/float_convolution_step.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

namespace {

using kernels::Layout;
using layer_input::kBias, layer_input::kW, layer_input::kWScale, layer_input::kX,
    layer_input::kXScale, layer_input::kXZeroPoint, layer_input::kYScale, layer_input::kYZeroPoint;

const IntegerOutput* integer_output_of(const Attributes& attributes) {
  if (const auto* layer = std::get_if<QuantizedConvolution>(&attributes)) return layer;
  return std::get_if<QuantizedDepthwiseConvolution>(&attributes);
}

class QuantizedConvolutionStep : public Step {
 public:
  QuantizedConvolutionStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                           std::vector<ValueId> outputs, const kernels::ConvolutionShape& shape,
                           const IntegerOutput& output)
      : Step(std::move(name), std::move(inputs), std::move(outputs)),
        shape_(shape),
        requantization_(requantization_of(output)),
        accumulates_(element_type_of(output) == ElementType::kFloat32) {
    const Value& x = builder.value(this->inputs()[kX]);
    const Value& y = builder.value(this->outputs()[0]);
    has_bias_ = this->inputs().size() > kBias;
    whole_bias_ = has_bias_ && builder.type(builder.value(this->inputs()[kBias]).variable).dtype !=
                                   DType::kFloat32;
    no_bias_.assign(shape.out_channels, 0.0F);
    convolution_.emplace(
        shape,
        kernels::FloatConvolution::Options{
            .in = x.layout, .out = y.layout, .bias = has_bias_, .gradients = y.needs_gradient});
    floats_ = builder.add_buffer(x.elements() * 4);
    memory.forward_scratch = {floats_};
    if (!accumulates_) {
      sums_ = builder.add_buffer(y.elements() * 4);
      memory.forward_scratch.push_back(sums_);
    }
    if (!y.needs_gradient) return;
    back_floats_ = builder.add_buffer(x.elements() * 4);
    memory.backward_scratch.push_back(back_floats_);
    memory.saved = {this->inputs()[kX]};
    if (!accumulates_) {
      passes_ = builder.add_buffer(y.rows().rows() * kernels::bit_row_bytes(y.rows()));
      memory.kept.push_back(passes_);
    }
  }

  std::string kernel() const override { return "onednn:f32"; }
  int64_t multiply_accumulates() const override { return shape_.multiply_accumulates(); }

  void forward() override {
    const Value& x = input(kX);
    Value& y = output();
    set_weights();
    set_requantization();
    const auto x_zero = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    kernels::to_float(x.data, x.is_signed(), x_zero, x.elements(), float_buffer(floats_));
    float* sums = accumulates_ ? y.floats() : float_buffer(sums_);
    // Behind the sums that are requantized the bias is added there, as whole numbers or not.
    const float* bias = accumulates_ ? offset_.data() : no_bias_.data();
    {
      const Timed timed(primitive_seconds_);
      convolution_->forward(float_buffer(floats_), bias, sums);
    }
    if (accumulates_) return;
    kernels::requantize(sums, y.rows(), requantization_, y.is_signed(), y.data,
                        passes_ == kNoId ? nullptr : static_cast<uint8_t*>(buffer(passes_)));
  }

  void backward() override {
    const Value& x = input(kX);
    Value& y = output();
    float* sums_gradient = y.gradient;
    if (!accumulates_) {
      kernels::requantize_backward(y.gradient, y.rows(), requantization_.multiplier,
                                   static_cast<const uint8_t*>(buffer(passes_)), sums_gradient);
    }
    if (float* dx = input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      convolution_->backward_data(sums_gradient, dx);
    }
    float* dw = input_gradient(kW);
    float* dbias = has_bias_ ? input_gradient(kBias) : nullptr;
    if (dw == nullptr && dbias == nullptr) return;
    const auto x_zero = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    kernels::to_float(x.data, x.is_signed(), x_zero, x.elements(), float_buffer(back_floats_));
    // The primitive makes both; what nobody wants goes to a place of its own.
    const Timed timed(primitive_seconds_);
    convolution_->backward_weights(
        float_buffer(back_floats_), sums_gradient,
        dw != nullptr ? dw : place(unwanted_, weights_.numel()),
        dbias != nullptr ? dbias : place(unwanted_bias_, shape_.out_channels));
  }

 private:
  static float* place(std::vector<float>& values, int64_t count) {
    values.resize(count);
    return values.data();
  }

  // Parameters that did not change since they were packed are left as they are.
  void set_weights() {
    const Value& w = input(kW);
    const bool leaf = w.is_leaf;
    if (leaf && packed_from_ == w.data && packed_version_ == w.tensor._version()) return;
    weights_ = w.tensor.to(at::kFloat).contiguous();
    convolution_->set_weights(weights_.data_ptr<float>());
    packed_from_ = w.data;
    packed_version_ = w.tensor._version();
    largest_sum_ = kernels::largest_row_sum(weights_.data_ptr<float>(), shape_.out_channels,
                                            weights_.numel() / shape_.out_channels);
  }

  void set_requantization() {
    if (has_bias_) set_bias();
    if (accumulates_) return;
    const at::Tensor multiplier =
        layer_multiplier(input(kXScale).tensor, input(kWScale).tensor, input(kYScale).tensor);
    multiplier_.assign(multiplier.data_ptr<float>(),
                       multiplier.data_ptr<float>() + multiplier.numel());
    requantization_.multiplier = multiplier_;
    requantization_.six = 6.0F / scalar_of(input(kYScale));
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
  }

  void set_bias() {
    const at::Tensor bias = input(kBias).tensor.to(at::kFloat);
    const float* values = bias.data_ptr<float>();
    offset_.assign(values, values + bias.numel());
    for (const float value : offset_) {
      OCTET_CHECK(std::isfinite(value), name(), "its bias holds {}", value);
    }
    if (accumulates_) return;
    if (whole_bias_) {
      bias_.assign(offset_.begin(), offset_.end());
      requantization_.bias = bias_;
    } else {
      requantization_.offset = offset_;
    }
  }

  kernels::ConvolutionShape shape_;
  kernels::Requantization requantization_;
  bool accumulates_;  // int32 sums, not requantized
  bool has_bias_ = false;
  bool whole_bias_ = false;  // int32, else a float in units of the sums
  std::optional<kernels::FloatConvolution> convolution_;
  BufferId floats_ = kNoId, sums_ = kNoId, back_floats_ = kNoId, passes_ = kNoId;
  at::Tensor weights_;
  const void* packed_from_ = nullptr;
  int64_t packed_version_ = -1;
  double largest_sum_ = 0;
  std::vector<int32_t> bias_;
  std::vector<float> offset_, no_bias_, multiplier_, unwanted_, unwanted_bias_;
};

}  // namespace

bool add_quantized_convolution(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const IntegerOutput* integers = integer_output_of(function.attributes);
  if (integers == nullptr) return false;
  const VariableId x = function.inputs[kX], y = function.outputs[0];
  const auto shape =
      convolution_shape_of(function.attributes, builder.type(x).shape,
                           builder.type(function.inputs[kW]).shape, builder.type(y).shape);
  const auto type = element_type_of(*integers);
  if (!shape || !type || !is_small_integer(builder, x)) return false;
  for (const size_t i : {kXScale, kXZeroPoint, kYZeroPoint}) {
    if (!is_scalar_leaf(builder, function.inputs[i])) return false;
  }
  if (*type != ElementType::kFloat32 && !is_scalar_leaf(builder, function.inputs[kYScale])) {
    return false;
  }
  bool needs_gradient = false;
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    needs_gradient = needs_gradient || builder.made(function.inputs[i]).needs_gradient;
    inputs.push_back(i == kX ? builder.as_layout(x, convolution_layout(shape->in_channels))
                             : builder.value_of(function.inputs[i]));
  }
  const ValueId output =
      builder.add_value(y, *type, convolution_layout(shape->out_channels), needs_gradient);
  builder.add_step(std::make_unique<QuantizedConvolutionStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{output},
      *shape, *integers));
  return true;
}

}  // namespace octet::plan
