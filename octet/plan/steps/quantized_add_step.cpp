#include "octet/plan/steps/quantized_add_step.h"

#include "octet/kernels/quantize.h"
#include "octet/ops/quantized_arithmetic.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

// Each operand is followed by its scale and zero point.
constexpr size_t kA = 0, kB = 3, kYScale = 6, kYZeroPoint = 7;
// Requantize: x, scale, zero point, then these of y.
constexpr size_t kUnaryYScale = 3;

class QuantizedAddStep : public RoundingStep {
 public:
  QuantizedAddStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                   std::vector<ValueId> outputs, const IntegerOutput& output)
      : RoundingStep(builder, std::move(name), std::move(inputs), outputs,
                     requantization_of(output), bit_bytes(builder.value(outputs[0]).elements())) {}

  std::string kernel() const override { return "quantized_add"; }

  void forward() override {
    Value& y = output();
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
    kernels::quantized_add(operand(kA), operand(kB), requantization_, scale_of(input(kYScale)),
                           y.elements(), y.is_signed(), y.data, passes());
  }

  void backward() override {
    const float step = scale_of(input(kYScale));
    kernels::masked_scale(output().gradient, passes(), scale_of(input(kA + 1)) / step,
                          scale_of(input(kB + 1)) / step, output().elements(), input_gradient(kA),
                          input_gradient(kB));
  }

 private:
  kernels::QuantizedOperand operand(size_t first) const {
    return {.data = input(first).data,
            .is_signed = input(first).is_signed(),
            .zero_point = static_cast<int32_t>(scalar_of(input(first + 2))),
            .scale = scale_of(input(first + 1))};
  }
};

class ChangeOfScaleStep : public RoundingStep {
 public:
  ChangeOfScaleStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                    std::vector<ValueId> outputs, const IntegerOutput& output)
      : RoundingStep(builder, std::move(name), std::move(inputs), outputs,
                     requantization_of(output), bit_bytes(builder.value(outputs[0]).elements())) {}

  std::string kernel() const override { return "requantize"; }

  void forward() override {
    Value& y = output();
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kUnaryYScale + 1)));
    kernels::change_scale({.data = input(0).data,
                           .is_signed = input(0).is_signed(),
                           .zero_point = static_cast<int32_t>(scalar_of(input(2))),
                           .scale = scale_of(input(1))},
                          requantization_, scale_of(input(kUnaryYScale)), y.elements(),
                          y.is_signed(), y.data, passes());
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    kernels::masked_scale(output().gradient, passes(),
                          scale_of(input(1)) / scale_of(input(kUnaryYScale)), 1,
                          output().elements(), dx, nullptr);
  }
};

}  // namespace

bool add_change_of_scale(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<Requantize>(&function.attributes);
  if (op == nullptr) return false;
  const auto type = element_type_of(*op);
  const VariableId x = function.inputs[0];
  if (!type || *type == ElementType::kFloat32 || !is_small_integer(builder, x)) return false;
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    if (i > 0 && !is_scalar_leaf(builder, function.inputs[i])) return false;
    inputs.push_back(builder.value_of(function.inputs[i]));
  }
  const ValueId y = builder.add_value(function.outputs[0], *type, builder.made(x).layout, inputs);
  builder.add_step(std::make_unique<ChangeOfScaleStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y}, *op));
  return true;
}

bool add_quantized_add(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* add = std::get_if<QuantizedAdd2>(&function.attributes);
  if (add == nullptr) return false;
  const auto type = element_type_of(*add);
  if (!type || *type == ElementType::kFloat32) return false;
  const VariableId a = function.inputs[kA], b = function.inputs[kB];
  if (!is_small_integer(builder, a) || !is_small_integer(builder, b) ||
      builder.type(a).shape != builder.type(b).shape) {
    return false;
  }
  for (const size_t i : {kA + 1, kA + 2, kB + 1, kB + 2, kYScale, kYZeroPoint}) {
    if (!is_scalar_leaf(builder, function.inputs[i])) return false;
  }
  const kernels::Layout layout = builder.made(a).layout;
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    inputs.push_back(i == kB ? builder.as_layout(b, layout) : builder.value_of(function.inputs[i]));
  }
  const ValueId y = builder.add_value(function.outputs[0], *type, layout, inputs);
  builder.add_step(std::make_unique<QuantizedAddStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y}, *add));
  return true;
}

}  // namespace octet::plan
