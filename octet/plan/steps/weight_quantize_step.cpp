#include "octet/plan/steps/weight_quantize_step.h"

#include <ATen/ATen.h>

#include "octet/kernels/quantize_weights.h"
#include "octet/plan/derived_from.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/quant/finite.h"

namespace octet::plan {

namespace {

constexpr size_t kX = 0, kScale = 1, kZeroPoint = 2;

// The values of a small parameter, as float32.
std::vector<float> values_of(const Value& parameter) {
  const at::Tensor flat = parameter.tensor.to(at::kFloat).flatten().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

class WeightQuantizeStep : public Step {
 public:
  WeightQuantizeStep(std::string name, std::vector<ValueId> inputs, std::vector<ValueId> outputs,
                     const kernels::WeightQuantization& quantization)
      : Step(std::move(name), std::move(inputs), std::move(outputs)), quantization_(quantization) {}

  std::string kernel() const override { return "quantize_weights"; }

  void forward() override {
    held_.renew({&input(kScale), &input(kZeroPoint)}, [&] {
      check_scale(input(kScale).tensor, name());
      scale_ = values_of(input(kScale));
      zero_point_ = values_of(input(kZeroPoint));
      quantization_.scale = scale_;
      quantization_.zero_point = zero_point_;
    });
    if (!kernels::quantize_weights(quantization_, input(kX).floats(), output().floats())) {
      check_finite(input(kX).tensor, name());
    }
  }

  void backward() override {
    float* dw = input_gradient(kX);
    if (dw == nullptr) return;
    kernels::quantize_weights_backward(quantization_, input(kX).floats(), output().gradient, dw);
  }

 private:
  kernels::WeightQuantization quantization_;
  std::vector<float> scale_, zero_point_;
  DerivedFrom held_;
};

// [outer][channels][inner] for qparams of these extents along one axis of w; false otherwise.
bool find_rows(const Shape& w, const Shape& scale, const Shape& zero_point,
               kernels::WeightQuantization& rows) {
  int64_t axis = -1;
  for (const Shape* qparams : {&scale, &zero_point}) {
    if (qparams->num_elements() == 1) continue;
    if (qparams->rank() != w.rank()) return false;
    for (int64_t i = 0; i < w.rank(); ++i) {
      if ((*qparams)[i] == 1) continue;
      if ((*qparams)[i] != w[i] || (axis != -1 && axis != i)) return false;
      axis = i;
    }
  }
  if (axis == -1) {
    rows.inner = w.num_elements();
    return true;
  }
  rows.outer = w.num_elements(0, axis);
  rows.channels = w[axis];
  rows.inner = w.num_elements(axis + 1, w.rank());
  return true;
}

}  // namespace

bool add_weight_quantize(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* quantize = std::get_if<QuantizeLinear>(&function.attributes);
  if (quantize == nullptr) return false;
  const auto is_parameter = [&](size_t i) {
    return builder.graph().variable(function.inputs[i]).kind == VariableKind::kParameter;
  };
  if (!is_parameter(kX) || !is_parameter(kScale) || !is_parameter(kZeroPoint) ||
      !builder.made(function.inputs[kX]).is_float() ||
      builder.made(function.inputs[kScale]).needs_gradient) {
    return false;
  }
  const QuantFormat format = format_of(*quantize);
  kernels::WeightQuantization rows{.scale = {},
                                   .zero_point = {},
                                   .lowest = static_cast<float>(format.qmin()),
                                   .highest = format.largest_float(),
                                   .round_mode = parse_round_mode(quantize->round_mode),
                                   .ste = parse_ste(quantize->ste)};
  if (!find_rows(builder.type(function.inputs[kX]).shape,
                 builder.type(function.inputs[kScale]).shape,
                 builder.type(function.inputs[kZeroPoint]).shape, rows)) {
    return false;
  }
  const std::vector<ValueId> inputs = builder.values_of(function);
  const ValueId q = builder.add_value(function.outputs[0], ElementType::kFloat32,
                                      kernels::Layout::kPlain, inputs);
  builder.add_step(std::make_unique<WeightQuantizeStep>(builder.graph().display_name(id), inputs,
                                                        std::vector<ValueId>{q}, rows));
  return true;
}

}  // namespace octet::plan
