#include "octet/plan/steps/average_pooling_step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "octet/kernels/average_pooling.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/quantize.h"
#include "octet/ops/operation.h"
#include "octet/ops/pooling_window.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/pooling_shape_of.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

// Of the quantized form.
constexpr size_t kX = 0, kXScale = 1, kXZeroPoint = 2, kYScale = 3, kYZeroPoint = 4;

// By how much the sum of each window is divided; nothing if one lies outside of the image, of which
// there is no average.
std::optional<std::vector<float>> counts_of(const AveragePooling& op,
                                            const kernels::PoolingShape& shape) {
  const at::Tensor image = at::zeros({1, 1, shape.in_height, shape.in_width});
  const at::Tensor counts = PoolingWindow(op)
                                .counts(image, op.including_pad)
                                .to(at::kFloat)
                                .expand({shape.out_height, shape.out_width})
                                .contiguous();
  const float* first = counts.data_ptr<float>();
  std::vector<float> divisors(first, first + counts.numel());
  if (std::any_of(divisors.begin(), divisors.end(), [](float n) { return n <= 0; })) {
    return std::nullopt;
  }
  return divisors;
}

class AveragePoolingStep : public Step {
 public:
  AveragePoolingStep(std::string name, ValueId x, ValueId y, const kernels::PoolingShape& shape,
                     std::vector<float> counts)
      : Step(std::move(name), {x}, {y}), shape_(shape), factors_(std::move(counts)) {
    for (float& factor : factors_) factor = 1.0F / factor;
  }

  std::string kernel() const override { return "average_pooling"; }

  void forward() override {
    kernels::average_pool(shape_, output().layout, input(kX).floats(), 0, factors_,
                          output().floats());
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    kernels::average_pool_backward(shape_, output().layout, output().gradient, factors_, dx);
  }

 private:
  kernels::PoolingShape shape_;
  std::vector<float> factors_;
};

class QuantizedAveragePoolingStep : public RoundingStep {
 public:
  QuantizedAveragePoolingStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                              ValueId y, const IntegerOutput& output,
                              const kernels::PoolingShape& shape, std::vector<float> counts)
      : RoundingStep(builder, std::move(name), std::move(inputs), {y}, requantization_of(output),
                     bit_bytes(builder.value(y).elements())),
        shape_(shape),
        counts_(std::move(counts)),
        factors_(counts_.size()) {
    steps_ = builder.add_buffer(builder.value(y).elements() * 4);
    memory.forward_scratch = {steps_};
  }

  std::string kernel() const override { return "average_pooling"; }

  void forward() override {
    const Value& x = input(kX);
    Value& y = output();
    const auto zero_point = static_cast<int32_t>(scalar_of(input(kXZeroPoint)));
    renew_factors();
    float* steps = float_buffer(steps_);
    if (x.is_signed()) {
      kernels::average_pool(shape_, x.layout, static_cast<const int8_t*>(x.data), zero_point,
                            factors_, steps);
    } else {
      kernels::average_pool(shape_, x.layout, static_cast<const uint8_t*>(x.data), zero_point,
                            factors_, steps);
    }
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
    kernels::quantize(steps, requantization_, /*scale=*/1, y.elements(), y.data, passes());
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    Value& y = output();
    kernels::masked_scale(y.gradient, passes(), 1, 1, y.elements(), y.gradient, nullptr);
    kernels::average_pool_backward(shape_, y.layout, y.gradient, factors_, dx);
  }

 private:
  // In the order of quantized_pooling.h, each quotient rounded.
  void renew_factors() {
    const float x_scale = scale_of(input(kXScale)), y_scale = scale_of(input(kYScale));
    for (size_t i = 0; i < counts_.size(); ++i) factors_[i] = x_scale / counts_[i] / y_scale;
  }

  kernels::PoolingShape shape_;
  std::vector<float> counts_, factors_;
  BufferId steps_ = kNoId;
};

}  // namespace

bool add_average_pooling(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<AveragePooling>(&function.attributes);
  if (op == nullptr || !builder.made(function.inputs[kX]).is_float()) return false;
  const VariableId y = function.outputs[0];
  const auto shape =
      pooling_shape_of(*op, builder.type(function.inputs[kX]).shape, builder.type(y).shape);
  if (!shape) return false;
  auto counts = counts_of(*op, *shape);
  if (!counts) return false;
  const ValueId from = builder.value_of(function.inputs[kX]);
  const ValueId to =
      builder.add_value(y, ElementType::kFloat32, builder.value(from).layout, {from});
  builder.add_step(std::make_unique<AveragePoolingStep>(builder.graph().display_name(id), from, to,
                                                        *shape, std::move(*counts)));
  return true;
}

bool add_quantized_average_pooling(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<QuantizedAveragePooling>(&function.attributes);
  if (op == nullptr || activation_of(*op) != kernels::Activation::kNone) return false;
  const auto type = byte_type_of(*op);
  const VariableId x = function.inputs[kX], y = function.outputs[0];
  const auto shape = pooling_shape_of(*op, builder.type(x).shape, builder.type(y).shape);
  if (!type || !shape || !builder.has_integers(x) ||
      !has_scalar_leaves(builder, function, kXScale)) {
    return false;
  }
  // Sums of more bytes than this may not be exact.
  if (op->kernel.num_elements() > (int64_t{1} << 24) / 255) return false;
  auto counts = counts_of(*op, *shape);
  if (!counts) return false;
  std::vector<ValueId> inputs = inputs_of_unary(builder, function);
  const ValueId to = builder.add_value(y, *type, builder.value(inputs[kX]).layout, inputs);
  builder.add_step(std::make_unique<QuantizedAveragePoolingStep>(
      builder, builder.graph().display_name(id), std::move(inputs), to, *op, *shape,
      std::move(*counts)));
  return true;
}

}  // namespace octet::plan
