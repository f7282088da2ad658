#include "octet/plan/steps/lookup_step.h"

#include "octet/kernels/lookup.h"
#include "octet/ops/quantized_lookup.h"
#include "octet/plan/derived_from.h"
#include "octet/plan/steps/byte_table.h"
#include "octet/plan/steps/integer_layer.h"

namespace octet::plan {

namespace {

constexpr size_t kX = 0, kTable = 1, kSlope = 2;

class LookupStep : public Step {
 public:
  LookupStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
             std::vector<ValueId> outputs)
      : Step(std::move(name), std::move(inputs), std::move(outputs)) {
    if (builder.value(this->outputs()[0]).needs_gradient) memory.saved = {this->inputs()[kX]};
  }

  std::string kernel() const override { return "lookup"; }

  void forward() override {
    held_table_.renew({&input(kTable)}, [&] {
      table_ = bytes_of_table(input(kTable), input(kX), output().is_signed());
    });
    kernels::lookup(bytes_of(input(kX)), table_, output().elements(),
                    static_cast<uint8_t*>(output().data));
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    held_slope_.renew({&input(kSlope)},
                      [&] { slope_ = floats_of_table(input(kSlope), input(kX)); });
    kernels::lookup_gradient(output().gradient, bytes_of(input(kX)), slope_, output().elements(),
                             dx);
  }

 private:
  static const uint8_t* bytes_of(const Value& x) { return static_cast<const uint8_t*>(x.data); }

  DerivedFrom held_table_, held_slope_;
  std::array<uint8_t, kernels::kBytes> table_{};
  std::array<float, kernels::kBytes> slope_{};
};

}  // namespace

bool add_lookup(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* lookup = std::get_if<QuantizedLookup>(&function.attributes);
  if (lookup == nullptr) return false;
  const VariableId x = function.inputs[kX];
  if (!builder.has_integers(x)) return false;
  const bool is_signed = builder.type(x).dtype == DType::kInt8;
  if (lookup->lowest != (is_signed ? -128 : 0)) return false;
  const bool has_slope = function.inputs.size() > kSlope;
  if (!has_slope && builder.made(x).needs_gradient) return false;
  for (size_t i = kTable; i < function.inputs.size(); ++i) {
    const Value& parameter = builder.made(function.inputs[i]);
    if (!parameter.is_leaf || parameter.needs_gradient) return false;
  }
  std::vector<ValueId> inputs = inputs_of_unary(builder, function);
  const ElementType type = *byte_type_of(builder.type(function.outputs[0]).dtype);
  const ValueId y =
      builder.add_value(function.outputs[0], type, builder.value(inputs[kX]).layout, inputs);
  builder.add_step(std::make_unique<LookupStep>(builder, builder.graph().display_name(id),
                                                std::move(inputs), std::vector<ValueId>{y}));
  return true;
}

}  // namespace octet::plan
