#include "octet/plan/steps/global_pooling_step.h"

#include "octet/kernels/elementwise.h"
#include "octet/kernels/global_pooling.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/requantize.h"
#include "octet/ops/quantized_pooling.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

using kernels::Layout;

// Of the quantized form.
constexpr size_t kX = 0, kXScale = 1, kXZeroPoint = 2, kYScale = 3, kYZeroPoint = 4;

float pixels_of(const Value& x) {
  return static_cast<float>(x.shape[2] * x.shape[3]);
}

class GlobalPoolingStep : public Step {
 public:
  using Step::Step;

  std::string kernel() const override { return "global_pooling"; }

  void forward() override {
    const Value& x = input(kX);
    Value& y = output();
    kernels::sum_pixels(x.floats(), x.shape, x.layout, 0, y.floats());
    kernels::scale(y.floats(), 1.0F / pixels_of(x), y.elements(), y.floats());
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    const Value& x = input(kX);
    kernels::spread_to_pixels(output().gradient, x.shape, x.layout, 1.0F / pixels_of(x), dx);
  }
};

int64_t mask_bytes(const Value& y) {
  return y.rows().rows() * kernels::bit_row_bytes(y.rows());
}

class QuantizedGlobalPoolingStep : public RoundingStep {
 public:
  QuantizedGlobalPoolingStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                             std::vector<ValueId> outputs, const IntegerOutput& output)
      : RoundingStep(builder, std::move(name), std::move(inputs), outputs,
                     requantization_of(output), mask_bytes(builder.value(outputs[0]))) {
    const Value& y = builder.value(this->outputs()[0]);
    sums_ = builder.add_buffer(y.elements() * 4);
    memory.forward_scratch = {sums_};
  }

  std::string kernel() const override { return "global_pooling"; }

  void forward() override {
    const Value& x = input(kX);
    Value& y = output();
    const auto zero_point = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    float* sums = float_buffer(sums_);
    if (x.is_signed()) {
      kernels::sum_pixels(static_cast<const int8_t*>(x.data), x.shape, x.layout, zero_point, sums);
    } else {
      kernels::sum_pixels(static_cast<const uint8_t*>(x.data), x.shape, x.layout, zero_point, sums);
    }
    // In the order of quantized_pooling.h, each quotient rounded.
    multiplier_ = scale_of(input(kXScale)) / pixels_of(x) / scale_of(input(kYScale));
    requantization_.multiplier = {&multiplier_, 1};
    requantization_.six = 6.0F / scale_of(input(kYScale));
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
    kernels::requantize(sums, y.rows(), requantization_, y.is_signed(), y.data, passes());
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    const Value& x = input(kX);
    Value& y = output();
    kernels::requantize_backward(y.gradient, y.rows(), requantization_.multiplier, passes(),
                                 y.gradient);
    kernels::spread_to_pixels(y.gradient, x.shape, x.layout, 1, dx);
  }

 private:
  float multiplier_ = 1;
  BufferId sums_ = kNoId;
};

}  // namespace

bool add_global_pooling(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (!std::holds_alternative<GlobalAveragePooling>(function.attributes)) return false;
  const Value& x = builder.made(function.inputs[kX]);
  if (x.loose || !x.is_float() || x.shape.rank() != 4) return false;
  const ValueId from = builder.value_of(function.inputs[kX]);
  const ValueId y =
      builder.add_value(function.outputs[0], ElementType::kFloat32, Layout::kPlain, {from});
  builder.add_step(std::make_unique<GlobalPoolingStep>(
      builder.graph().display_name(id), std::vector<ValueId>{from}, std::vector<ValueId>{y}));
  return true;
}

bool add_quantized_global_pooling(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* pooling = std::get_if<QuantizedGlobalAveragePooling>(&function.attributes);
  if (pooling == nullptr) return false;
  const auto type = byte_type_of(*pooling);
  const VariableId x = function.inputs[kX];
  if (!type || !builder.has_integers(x) || builder.type(x).shape.rank() != 4 ||
      !has_scalar_leaves(builder, function, kXScale)) {
    return false;
  }
  std::vector<ValueId> inputs = inputs_of_unary(builder, function);
  const ValueId y = builder.add_value(function.outputs[0], *type, Layout::kPlain, inputs);
  builder.add_step(std::make_unique<QuantizedGlobalPoolingStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y},
      *pooling));
  return true;
}

}  // namespace octet::plan
