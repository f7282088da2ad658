#include "octet/plan/steps/quantized_convolution_step.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/kernels/elementwise.h"
#include "octet/kernels/integer_convolution.h"
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
    forward_.emplace(shape, x.is_signed(), x.layout, y.layout);
    if (accumulates_) {
      sums_ = builder.add_buffer(y.elements() * 4);
      memory.forward_scratch = {sums_};
    }
    if (!y.needs_gradient) return;
    backward_.emplace(shape,
                      kernels::FloatConvolution::Options{
                          .in = x.layout, .out = y.layout, .bias = has_bias_, .forward = false});
    floats_ = builder.add_buffer(x.elements() * 4);
    scratch_ = builder.add_buffer(backward_->scratch_bytes());
    memory.backward_scratch = {floats_, scratch_};
    memory.saved = {this->inputs()[kX], this->inputs()[kW]};
    if (!accumulates_) {
      passes_ = builder.add_buffer(y.rows().rows() * kernels::bit_row_bytes(y.rows()));
      memory.kept = {passes_};
    }
  }

  std::string kernel() const override { return "int16"; }
  int64_t multiply_accumulates() const override { return shape_.multiply_accumulates(); }

  void forward() override {
    const Value& x = input(kX);
    Value& y = output();
    pack_weights();
    if (has_bias_) set_bias();
    const auto x_zero = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    if (accumulates_) {
      auto* sums = static_cast<int32_t*>(buffer(sums_));
      {
        const Timed timed(primitive_seconds_);
        forward_->accumulate(x.data, x_zero, sums);
      }
      kernels::finish_sums(sums, y.rows(), bias_, y.floats());
      return;
    }
    set_requantization();
    const Timed timed(primitive_seconds_);
    forward_->run(x.data, x_zero, requantization_, y.data,
                  passes_ == kNoId ? nullptr : static_cast<uint8_t*>(buffer(passes_)));
  }

  void backward() override {
    const Value& x = input(kX);
    Value& y = output();
    if (!accumulates_) {
      kernels::requantize_backward(y.gradient, y.rows(), multiplier_,
                                   static_cast<const uint8_t*>(buffer(passes_)), y.gradient);
    }
    backward_->set_weights(weights_.data_ptr<float>());
    if (float* dx = input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      backward_->backward_data(y.gradient, dx, buffer(scratch_));
    }
    float* dw = input_gradient(kW);
    float* dbias = has_bias_ ? input_gradient(kBias) : nullptr;
    if (dw == nullptr && dbias == nullptr) return;
    const auto x_zero = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    kernels::to_float(x.data, x.is_signed(), x_zero, x.elements(), float_buffer(floats_));
    // The primitive makes both; what nobody wants goes to a place of its own.
    const Timed timed(primitive_seconds_);
    backward_->backward_weights(
        float_buffer(floats_), y.gradient, dw != nullptr ? dw : place(unwanted_, weights_.numel()),
        dbias != nullptr ? dbias : place(unwanted_bias_, shape_.out_channels), buffer(scratch_));
  }

 private:
  static float* place(std::vector<float>& values, int64_t count) {
    values.resize(count);
    return values.data();
  }

  // Parameters that did not change since they were packed are left as they are.
  void pack_weights() {
    const Value& w = input(kW);
    const bool same = w.is_leaf && packed_from_ == w.data && packed_version_ == w.tensor._version();
    if (same) return;
    weights_ = w.tensor.to(at::kFloat).contiguous();
    forward_->pack_weights(weights_.data_ptr<float>());
    packed_from_ = w.data;
    packed_version_ = w.tensor._version();
  }

  void set_requantization() {
    const at::Tensor multiplier =
        layer_multiplier(input(kXScale).tensor, input(kWScale).tensor, input(kYScale).tensor);
    multiplier_.assign(multiplier.data_ptr<float>(),
                       multiplier.data_ptr<float>() + multiplier.numel());
    check_multipliers(multiplier_, name());
    requantization_.multiplier = multiplier_;
    requantization_.six = 6.0F / scale_of(input(kYScale));
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
  }

  void set_bias() {
    const at::Tensor bias = input(kBias).tensor.to(at::kFloat);
    const float* values = bias.data_ptr<float>();
    offset_.assign(values, values + bias.numel());
    for (const float value : offset_) {
      OCTET_CHECK(std::isfinite(value), name(), "its bias holds {}", value);
    }
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
  std::optional<kernels::IntegerConvolution> forward_;
  std::optional<kernels::FloatConvolution> backward_;  // over the same integers
  BufferId sums_ = kNoId, floats_ = kNoId, scratch_ = kNoId, passes_ = kNoId;
  at::Tensor weights_;
  const void* packed_from_ = nullptr;
  int64_t packed_version_ = -1;
  std::vector<int32_t> bias_;
  std::vector<float> offset_, multiplier_, unwanted_, unwanted_bias_;
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
  // What a float bias beside sums would be is left to ATen.
  const bool float_bias = function.inputs.size() > kBias &&
                          builder.type(function.inputs[kBias]).dtype == DType::kFloat32;
  if (float_bias && type == ElementType::kFloat32) return false;
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
    inputs.push_back(i == kX ? builder.as_layout(x, quantized_layout(shape->in_channels))
                             : builder.value_of(function.inputs[i]));
  }
  const ValueId output =
      builder.add_value(y, *type, quantized_layout(shape->out_channels), needs_gradient);
  builder.add_step(std::make_unique<QuantizedConvolutionStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{output},
      *shape, *integers));
  return true;
}

}  // namespace octet::plan
