#include "octet/plan/steps/quantize_step.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/quantize.h"
#include "octet/kernels/quantize_blocks.h"
#include "octet/kernels/requantize.h"
#include "octet/plan/derived_from.h"
#include "octet/plan/steps/float_convolution_step.h"
#include "octet/plan/steps/fused_dequantize.h"
#include "octet/plan/steps/fused_quantize.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

// The inputs of both.
constexpr size_t kX = 0, kScale = 1, kZeroPoint = 2;

class QuantizeStep : public RoundingStep {
 public:
  QuantizeStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
               std::vector<ValueId> outputs, const kernels::Requantization& requantization)
      : RoundingStep(builder, std::move(name), std::move(inputs), outputs, requantization,
                     bit_bytes(builder.value(outputs[0]).elements())) {
    const Value& y = builder.value(outputs[0]);
    if (y.layout == builder.value(this->inputs()[kX]).layout) return;
    blocks_ = {.images = y.shape[0], .channels = y.shape[1], .pixels = y.shape[2] * y.shape[3]};
  }

  std::string kernel() const override { return activates() ? "relu+quantize" : "quantize"; }

  void forward() override {
    Value& y = output();
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kZeroPoint)));
    const float* x = input(kX).floats();
    const float scale = scale_of(input(kScale));
    const bool finite =
        blocks_ ? kernels::quantize_blocks(x, *blocks_, requantization_, scale, y.data, passes())
                : kernels::quantize(x, requantization_, scale, y.elements(), y.data, passes());
    if (finite) return;
    throw_not_finite(at::from_blob(input(kX).data, {y.elements()}, at::kFloat),
                     requantization_.activation, name());
  }

  bool takes_bfloat16() const override { return true; }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    const kernels::Gradient dy = output().any_gradient();
    const float factor = 1.0F / scale_of(input(kScale));
    if (blocks_) {
      kernels::quantize_blocks_backward(dy, *blocks_, passes(), factor, dx);
    } else {
      kernels::masked_scale(dy, passes(), factor, 1, output().elements(), dx, nullptr);
    }
  }

 private:
  std::optional<kernels::BlockedImages> blocks_;  // where the layout changes

  bool activates() const { return requantization_.activation != kernels::Activation::kNone; }
};

class DequantizeStep : public Step {
 public:
  using Step::Step;

  std::string kernel() const override { return "dequantize"; }
  bool gives_bfloat16(size_t i) const override { return i == kX; }

  void forward() override {
    const Value& x = input(kX);
    kernels::dequantize(operand_of(x, input(kScale), input(kZeroPoint)), x.elements(),
                        output().floats());
  }

  void backward() override {
    const kernels::Gradient dx = any_input_gradient(kX);
    if (!dx) return;
    kernels::scale_gradient(output().gradient, scale_of(input(kScale)), output().elements(), dx);
  }
};

// Of whole numbers that are held as floats: the sums of a layer, with a scale for each channel or
// one for all.
class DequantizeSumsStep : public Step {
 public:
  using Step::Step;

  std::string kernel() const override { return "dequantize"; }

  void forward() override {
    held_.renew({&input(kScale), &input(kZeroPoint)},
                [&] { scale_ = scales_of_sums(input(kScale), input(kZeroPoint), name()); });
    kernels::requantize_backward(input(kX).floats(), output().rows(), scale_, nullptr,
                                 output().floats());
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    kernels::requantize_backward(output().gradient, output().rows(), scale_, nullptr, dx);
  }

 private:
  DerivedFrom held_;
  std::vector<float> scale_;
};

// The quantization of activation(x).
bool add_quantize_of(Builder& builder, FunctionId id, VariableId x,
                     kernels::Activation activation) {
  auto quantize = quantization_of(builder, id);
  if (!quantize) return false;
  const bool is_activation =
      !(builder.made(x).is_leaf && builder.graph().variable(x).kind == VariableKind::kParameter);
  if (!is_activation || builder.type(x).dtype != DType::kFloat32 || !builder.made(x).is_float()) {
    return false;
  }
  quantize->requantization.activation = activation;
  const std::vector<ValueId> inputs{builder.value_of(x), quantize->inputs[kQuantizeScale],
                                    quantize->inputs[kQuantizeZeroPoint]};
  // The change of layout costs nothing on the way.
  const kernels::Layout layout = quantized_layout(builder.made(x).layout);
  const ValueId y = builder.add_value(quantize->y, quantize->type, layout, inputs);
  builder.add_step(std::make_unique<QuantizeStep>(
      builder, quantize->name, inputs, std::vector<ValueId>{y}, quantize->requantization));
  return true;
}

}  // namespace

bool add_quantize(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  return std::holds_alternative<QuantizeLinear>(function.attributes) &&
         add_quantize_of(builder, id, function.inputs[kX], kernels::Activation::kNone);
}

bool add_rectified_quantize(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const kernels::Activation activation = activation_of(function.attributes);
  if (activation == kernels::Activation::kNone) return false;
  const FunctionId reader = builder.only_reader(function.outputs[0]);
  return reader != kNoId && add_quantize_of(builder, reader, function.inputs[0], activation);
}

bool add_dequantize_sums(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (!std::holds_alternative<DequantizeLinear>(function.attributes)) return false;
  const VariableId x = function.inputs[kX];
  const Value& source = builder.made(x);
  if (source.loose || source.type != ElementType::kFloat32 ||
      builder.type(x).dtype != DType::kInt32 ||
      !dequantizes_sums(builder, function, source.shape)) {
    return false;
  }
  const std::vector<ValueId> inputs = builder.values_of(function);
  const ValueId y =
      builder.add_value(function.outputs[0], ElementType::kFloat32, source.layout, inputs);
  builder.add_step(std::make_unique<DequantizeSumsStep>(builder.graph().display_name(id), inputs,
                                                        std::vector<ValueId>{y}));
  return true;
}

bool add_dequantize(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (!std::holds_alternative<DequantizeLinear>(function.attributes) ||
      !has_scalar_leaves(builder, function, kScale) || !builder.has_integers(function.inputs[kX])) {
    return false;
  }
  const std::vector<ValueId> inputs = inputs_of_unary(builder, function);
  const ValueId y = builder.add_value(function.outputs[0], ElementType::kFloat32,
                                      builder.value(inputs[kX]).layout, inputs);
  builder.add_step(std::make_unique<DequantizeStep>(builder.graph().display_name(id), inputs,
                                                    std::vector<ValueId>{y}));
  return true;
}

}  // namespace octet::plan
