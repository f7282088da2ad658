#include "octet/plan/steps/quantized_affine_step.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/kernels/elementwise.h"
#include "octet/kernels/integer_convolution.h"
#include "octet/kernels/onednn/matrix_product.h"
#include "octet/kernels/requantize.h"
#include "octet/ops/quantized_layers.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

namespace {

using layer_input::kBias, layer_input::kW, layer_input::kWScale, layer_input::kX,
    layer_input::kXScale, layer_input::kXZeroPoint, layer_input::kYScale, layer_input::kYZeroPoint;

// x: (rows, columns) integers, which are images of one pixel with `columns` channels; w: (columns,
// outputs). Backward, products of floats that hold whole numbers.
class QuantizedAffineStep : public Step {
 public:
  QuantizedAffineStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                      std::vector<ValueId> outputs, int64_t columns, const IntegerOutput& output)
      : Step(std::move(name), std::move(inputs), std::move(outputs)),
        columns_(columns),
        requantization_(requantization_of(output)),
        accumulates_(element_type_of(output) == ElementType::kFloat32) {
    const Value& x = builder.value(this->inputs()[kX]);
    const Value& y = builder.value(this->outputs()[0]);
    rows_ = x.elements() / columns;
    outputs_ = y.elements() / rows_;
    has_bias_ = this->inputs().size() > kBias;
    whole_bias_ = has_bias_ && builder.type(builder.value(this->inputs()[kBias]).variable).dtype !=
                                   DType::kFloat32;
    forward_.emplace(
        kernels::ConvolutionShape{.batch = rows_, .in_channels = columns, .out_channels = outputs_},
        x.is_signed(), kernels::Layout::kChannelsLast, kernels::Layout::kChannelsLast);
    if (accumulates_) {
      sums_ = builder.add_buffer(y.elements() * 4);
      memory.forward_scratch = {sums_};
    }
    if (!y.needs_gradient) return;
    product_dx_.emplace(rows_, outputs_, columns_,
                        kernels::MatrixProduct::Options{.transposed_b = true});
    product_dw_.emplace(columns_, rows_, outputs_,
                        kernels::MatrixProduct::Options{.transposed_a = true});
    floats_ = builder.add_buffer(x.elements() * 4);
    memory.backward_scratch = {floats_};
    memory.saved = {this->inputs()[kX], this->inputs()[kW]};
    if (!accumulates_) {
      passes_ = builder.add_buffer(rows_ * kernels::bit_row_bytes(rows()));
      memory.kept = {passes_};
    }
  }

  std::string kernel() const override { return "int16"; }
  int64_t multiply_accumulates() const override { return rows_ * columns_ * outputs_; }

  void forward() override {
    const Value& x = input(kX);
    Value& y = output();
    pack_weights();
    set_bias();
    const auto x_zero = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    if (accumulates_) {
      auto* sums = static_cast<int32_t*>(buffer(sums_));
      {
        const Timed timed(primitive_seconds_);
        forward_->accumulate(x.data, x_zero, sums);
      }
      return kernels::finish_sums(sums, rows(), bias_, y.floats());
    }
    set_requantization();
    const Timed timed(primitive_seconds_);
    forward_->run(x.data, x_zero, requantization_, y.data, passes());
  }

  void backward() override {
    Value& y = output();
    if (!accumulates_) {
      kernels::requantize_backward(y.gradient, rows(), multiplier_, passes(), y.gradient);
    }
    if (float* dx = input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      product_dx_->run(y.gradient, input(kW).floats(), nullptr, dx);
    }
    if (float* dw = input_gradient(kW)) {
      const Value& x = input(kX);
      float* floats = float_buffer(floats_);
      kernels::to_float(x.data, x.is_signed(), static_cast<int32_t>(scalar_of(input(kXZeroPoint))),
                        x.elements(), floats);
      const Timed timed(primitive_seconds_);
      product_dw_->run(floats, y.gradient, nullptr, dw);
    }
    float* dbias = has_bias_ ? input_gradient(kBias) : nullptr;
    if (dbias == nullptr) return;
    at::Tensor target = at::from_blob(dbias, {outputs_}, at::kFloat);
    at::sum_out(target, at::from_blob(y.gradient, {rows_, outputs_}, at::kFloat), {0});
  }

 private:
  kernels::ChannelRows rows() const {
    return {.outer = rows_, .blocks = 1, .inner = 1, .lanes = outputs_};
  }
  uint8_t* passes() const {
    return passes_ == kNoId ? nullptr : static_cast<uint8_t*>(buffer(passes_));
  }

  // As the convolution has them: (outputs, columns). Parameters that did not change stay packed.
  void pack_weights() {
    const Value& w = input(kW);
    const bool same = w.is_leaf && packed_from_ == w.data && packed_version_ == w.tensor._version();
    if (same) return;
    const at::Tensor rows = w.tensor.reshape({columns_, outputs_}).t().to(at::kFloat).contiguous();
    forward_->pack_weights(rows.data_ptr<float>());
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
    if (!has_bias_) return;
    const at::Tensor bias = input(kBias).tensor.to(at::kFloat).contiguous();
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

  int64_t columns_, rows_ = 0, outputs_ = 0;
  kernels::Requantization requantization_;
  bool accumulates_;  // int32 sums, not requantized
  bool has_bias_ = false;
  bool whole_bias_ = false;  // int32, else a float in units of the sums
  std::optional<kernels::IntegerConvolution> forward_;
  std::optional<kernels::MatrixProduct> product_dx_, product_dw_;
  const void* packed_from_ = nullptr;
  int64_t packed_version_ = -1;
  BufferId floats_ = kNoId, sums_ = kNoId, passes_ = kNoId;
  std::vector<int32_t> bias_;
  std::vector<float> offset_, multiplier_;
};

}  // namespace

bool add_quantized_affine(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* affine = std::get_if<QuantizedAffine>(&function.attributes);
  if (affine == nullptr) return false;
  const VariableId x = function.inputs[kX], w = function.inputs[kW];
  const auto type = element_type_of(*affine);
  if (!type || !is_small_integer(builder, x)) return false;
  // What a float bias beside sums would be is left to ATen.
  const bool float_bias = function.inputs.size() > kBias &&
                          builder.type(function.inputs[kBias]).dtype == DType::kFloat32;
  if (float_bias && *type == ElementType::kFloat32) return false;
  for (const size_t i : {kXScale, kXZeroPoint, kYScale, kYZeroPoint}) {
    const bool of_sums = i >= kYScale && *type == ElementType::kFloat32;
    if (!of_sums && !is_scalar_leaf(builder, function.inputs[i])) return false;
  }
  bool needs_gradient = false;
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    needs_gradient = needs_gradient || builder.made(function.inputs[i]).needs_gradient;
    inputs.push_back(i == kX ? builder.as_layout(x, kernels::Layout::kPlain)
                             : builder.value_of(function.inputs[i]));
  }
  const ValueId y =
      builder.add_value(function.outputs[0], *type, kernels::Layout::kPlain, needs_gradient);
  builder.add_step(std::make_unique<QuantizedAffineStep>(builder, builder.graph().display_name(id),
                                                         std::move(inputs), std::vector<ValueId>{y},
                                                         builder.type(w).shape[0], *affine));
  return true;
}

}  // namespace octet::plan
