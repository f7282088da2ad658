#include "octet/plan/steps/quantized_layer_step.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/requantize.h"
#include "octet/ops/quantized_layers.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rectified.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

using layer_input::kBias, layer_input::kW, layer_input::kWScale, layer_input::kX,
    layer_input::kXScale, layer_input::kXZeroPoint, layer_input::kYScale, layer_input::kYZeroPoint;

namespace {

// Whether the result is int32: not rounded, so that all gradients pass.
bool is_sums(const IntegerOutput& output) {
  return element_type_of(output) == ElementType::kFloat32;
}

}  // namespace

kernels::ChannelRows LayerAsConvolution::rows() const {
  return kernels::channel_rows({shape.batch, shape.out_channels, shape.out_height, shape.out_width},
                               y);
}

QuantizedLayerStep::QuantizedLayerStep(Builder& builder, std::string name,
                                       const LayerValues& values, const LayerAsConvolution& layer,
                                       const IntegerOutput& output)
    : NormalizingStep(
          builder, std::move(name), values.inputs, values.output, values.normalization,
          layer.rows(), requantization_of(output),
          is_sums(output) ? 0 : layer.rows().rows() * kernels::bit_row_bytes(layer.rows())),
      layer_(layer),
      accumulates_(is_sums(output)),
      has_bias_(values.own_inputs() > kBias),
      dequantizes_(values.dequantize.has_value()),
      first_of_fused_(values.own_inputs()) {
  const Value& x = builder.value(this->inputs()[kX]);
  const Value& y = builder.value(this->outputs()[0]);
  if (values.sum) sum_ = requantization_of(*values.sum->output);
  whole_bias_ = has_bias_ && builder.type(builder.value(this->inputs()[kBias]).variable).dtype !=
                                 DType::kFloat32;
  convolution_.emplace(layer.shape, x.is_signed(), layer.x, layer.y,
                       is_rectified(builder.graph(), x.variable,
                                    builder.value(this->inputs()[kXZeroPoint]).variable));
  if (normalizes()) {
    sums_ = builder.add_buffer(layer.rows().elements() * 4);
    (y.needs_gradient ? memory.kept : memory.forward_scratch).push_back(sums_);
  }
  if (needs_statistics()) {
    moments_ =
        builder.add_buffer(convolution_->moments_size() * static_cast<int64_t>(sizeof(double)));
    memory.forward_scratch.push_back(moments_);
  }
  if (!y.needs_gradient) return;
  memory.saved = {this->inputs()[kX], this->inputs()[kW]};
}

std::string QuantizedLayerStep::kernel() const {
  const std::string products(convolution_->products());
  if (normalizes()) return products + "+" + normalizing_kernel();
  return products + (sum_ ? "+add" : (dequantizes_ ? "+dequantize" : ""));
}

void QuantizedLayerStep::forward() {
  const Value& x = input(kX);
  Value& y = output();
  const int32_t x_zero = x_zero_point();
  packed_.renew({&input(kW), &input(kXZeroPoint)}, [&] { pack_weights(x_zero); });
  if (has_bias_) held_bias_.renew({&input(kBias)}, [&] { set_bias(); });
  if (normalizes()) return accumulate_and_normalize(x_zero);
  if (accumulates_) return accumulate(x_zero);
  requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
  held_scales_.renew({&input(kXScale), &input(kWScale), &input(kYScale)},
                     [&] { set_multipliers(); });
  if (sum_) {
    const kernels::AddedValue added = added_value();
    const Timed timed(primitive_seconds_);
    return convolution_->run_and_add(x.data, x_zero, requantization_, added, y.data);
  }
  const Timed timed(primitive_seconds_);
  convolution_->run(x.data, x_zero, requantization_, y.data, passes());
}

void QuantizedLayerStep::set_sums_scale() {
  const Value& scale = input(first_of_fused_ + kSumsScale);
  const Value& zero_point = input(first_of_fused_ + kSumsZeroPoint);
  held_scales_.renew({&scale, &zero_point}, [&] {
    multiplier_ = scales_of_sums(scale, zero_point, name());
    if (!normalizes()) return;
    check_multipliers(multiplier_, name());
    normalization().set_sums_scale(multiplier_);
  });
}

void QuantizedLayerStep::accumulate(int32_t x_zero_point) {
  if (dequantizes_) set_sums_scale();
  const Timed timed(primitive_seconds_);
  convolution_->accumulate(input(kX).data, x_zero_point, bias_, output().floats(), multiplier_);
}

void QuantizedLayerStep::accumulate_and_normalize(int32_t x_zero_point) {
  set_sums_scale();
  float* const sums = float_buffer(sums_);
  auto* const moments = needs_statistics() ? static_cast<double*>(buffer(moments_)) : nullptr;
  {
    const Timed timed(primitive_seconds_);
    convolution_->accumulate(input(kX).data, x_zero_point, bias_, sums, {}, moments);
  }
  if (moments != nullptr) {
    normalization().set_moments({moments, static_cast<size_t>(convolution_->moments_size())});
  }
  normalize(sums);
}

kernels::AddedValue QuantizedLayerStep::added_value() const {
  const auto of_sum = [&](size_t i) -> const Value& { return input(first_of_fused_ + i); };
  kernels::AddedValue added{
      .value = operand_of(of_sum(kOther), of_sum(kOtherScale), of_sum(kOtherZeroPoint)),
      .own_scale = scale_of(input(kYScale)),
      .output = *sum_,
      .y_scale = scale_of(of_sum(kSumScale))};
  added.output.zero_point = static_cast<int32_t>(scalar_of(of_sum(kSumZeroPoint)));
  return added;
}

float* QuantizedLayerStep::sums_gradient() {
  float* gradient = output().gradient;
  sums_gradient(gradient);
  return gradient;
}

void QuantizedLayerStep::sums_gradient(const kernels::Gradient& to) {
  if (normalizes()) return normalize_backward(float_buffer(sums_), to);
  // Sums as they are have the gradient of the output.
  if (multiplier_.empty() && to.data == output().any_gradient().data) return;
  kernels::requantize_backward(output().any_gradient(), layer().rows(), sums_multiplier(), passes(),
                               to);
}

std::span<const float> QuantizedLayerStep::sums_multiplier() const {
  static constexpr float kOne[] = {1.0F};
  return multiplier_.empty() ? kOne : std::span<const float>(multiplier_);
}

void QuantizedLayerStep::widen_x(const kernels::Gradient& to) {
  const Value& x = input(kX);
  kernels::widen(x.data, x.is_signed(), x_zero_point(), x.elements(), to);
}

int32_t QuantizedLayerStep::x_zero_point() const {
  return static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
}

void QuantizedLayerStep::pack_weights(int32_t x_zero_point) {
  weights_ = convolution_weights(input(kW));
  convolution_->pack_weights(weights_.data_ptr<float>(), x_zero_point);
}

void QuantizedLayerStep::set_bias() {
  if (whole_bias_) {
    const at::Tensor bias = input(kBias).tensor.to(at::kInt).contiguous();
    bias_.assign(bias.data_ptr<int32_t>(), bias.data_ptr<int32_t>() + bias.numel());
    requantization_.bias = bias_;
    return;
  }
  const at::Tensor bias = input(kBias).tensor.to(at::kFloat).contiguous();
  offset_.assign(bias.data_ptr<float>(), bias.data_ptr<float>() + bias.numel());
  for (const float value : offset_) {
    OCTET_CHECK(std::isfinite(value), name(), "its bias holds {}", value);
  }
  requantization_.offset = offset_;
}

void QuantizedLayerStep::set_multipliers() {
  const at::Tensor multiplier =
      layer_multiplier(input(kXScale).tensor, input(kWScale).tensor, input(kYScale).tensor);
  const float* values = multiplier.data_ptr<float>();
  multiplier_.assign(values, values + multiplier.numel());
  check_multipliers(multiplier_, name());
  requantization_.multiplier = multiplier_;
  requantization_.six = 6.0F / scale_of(input(kYScale));
}

std::optional<LayerValues> add_layer_values(Builder& builder, const Function& function,
                                            const IntegerOutput& output, kernels::Layout x,
                                            kernels::Layout y) {
  const auto type = element_type_of(output);
  if (!type || !builder.has_integers(function.inputs[kX])) return std::nullopt;
  const bool accumulates = *type == ElementType::kFloat32;
  for (const size_t i : {kXScale, kXZeroPoint, kYScale, kYZeroPoint}) {
    const bool of_sums = i >= kYScale && accumulates;
    if (!of_sums && !is_scalar_leaf(builder, function.inputs[i])) return std::nullopt;
  }
  if (builder.made(function.inputs[kWScale]).needs_gradient) return std::nullopt;
  const bool float_bias = function.inputs.size() > kBias &&
                          builder.type(function.inputs[kBias]).dtype == DType::kFloat32;
  if (float_bias && accumulates) return std::nullopt;
  LayerValues values{.sum = fusable_sum(builder, function, output, y)};
  if (accumulates) values.dequantize = fusable_dequantize(builder, function);
  if (values.dequantize) {
    values.normalization = fusable_normalization(builder, values.dequantize->y);
  }
  std::vector<ValueId>& inputs = values.inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const VariableId input = function.inputs[i];
    if (i == kX) {
      inputs.push_back(builder.as_integers(input, x));
    } else if (i == kW && !builder.made(input).loose) {
      // Of weights that the network computes, bytes too.
      inputs.push_back(builder.as_floats(input, kernels::Layout::kPlain));
    } else {
      inputs.push_back(builder.value_of(input));
    }
  }
  if (values.dequantize) {
    const auto& more = values.dequantize->inputs;
    inputs.insert(inputs.end(), more.begin(), more.end());
    if (!values.normalization) {
      values.output = builder.add_value(values.dequantize->y, ElementType::kFloat32, y, inputs);
      return values;
    }
    builder.leave_out(values.dequantize->function);
    builder.leave_out(values.normalization->function);
    inputs.insert(inputs.end(), values.normalization->inputs.begin(),
                  values.normalization->inputs.end());
    values.output = add_normalized(builder, *values.normalization, y, inputs);
    return values;
  }
  if (!values.sum) {
    values.output = builder.add_value(function.outputs[0], *type, y, inputs);
    return values;
  }
  inputs.insert(inputs.end(), values.sum->inputs.begin(), values.sum->inputs.end());
  values.output = builder.add_value(values.sum->y, *byte_type_of(*values.sum->output), y, inputs);
  return values;
}

}  // namespace octet::plan
