#include "octet/plan/steps/lookup_arithmetic_step.h"

#include <numeric>

#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/lookup.h"
#include "octet/ops/quantized_lookup.h"
#include "octet/plan/derived_from.h"
#include "octet/plan/steps/byte_table.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/quantized_binary.h"

namespace octet::plan {

namespace {

using kernels::BinaryFunction;
using kernels::kBytes;

// Those of the step: x, the table, scale and zero point of each operand and of y, the slope.
constexpr size_t kX = 0, kTable = 1, kAScale = 2, kBScale = 4, kYScale = 6, kYZeroPoint = 7,
                 kSlope = 8;

// Which operand the table makes, and of which integers.
struct LookedUp {
  bool is_first = false;
  bool is_signed = true;
};

class LookupArithmeticStep : public Step {
 public:
  LookupArithmeticStep(Builder& builder, std::string name, std::vector<ValueId> inputs, ValueId y,
                       const QuantizedBinary& binary, const LookedUp& looked_up)
      : Step(std::move(name), std::move(inputs), {y}),
        function_(binary.function),
        requantization_(requantization_of(*binary.output)),
        looked_up_(looked_up) {
    if (builder.value(y).needs_gradient) memory.saved = {this->inputs()[kX]};
    std::iota(every_byte_.begin(), every_byte_.end(), uint8_t{0});
  }

  std::string kernel() const override { return "lookup"; }

  void forward() override {
    const Value& x = input(kX);
    held_table_.renew({&input(kTable), &input(kAScale), &input(kAScale + 1), &input(kBScale),
                       &input(kBScale + 1), &input(kYScale), &input(kYZeroPoint)},
                      [&] { make_table(); });
    kernels::lookup(static_cast<const uint8_t*>(x.data), table_, output().elements(),
                    static_cast<uint8_t*>(output().data));
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    held_slope_.renew({&input(kTable), &input(kSlope), &input(kAScale), &input(kAScale + 1),
                       &input(kBScale), &input(kBScale + 1), &input(kYScale), &input(kYZeroPoint)},
                      [&] { make_slope(); });
    kernels::lookup_gradient(output().gradient, static_cast<const uint8_t*>(input(kX).data), slope_,
                             output().elements(), dx);
  }

 private:
  kernels::QuantizedOperand operand(bool first) const {
    const bool looked_up = looked_up_.is_first == first;
    const size_t scale = first ? kAScale : kBScale;
    return {.data = looked_up ? made_.data() : every_byte_.data(),
            .is_signed = looked_up ? looked_up_.is_signed : input(kX).is_signed(),
            .zero_point = static_cast<int32_t>(scalar_of(input(scale + 1))),
            .scale = scale_of(input(scale))};
  }

  // The function of every byte.
  void make_table() {
    made_ = bytes_of_table(input(kTable), input(kX), looked_up_.is_signed);
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
    kernels::quantized_binary(function_, operand(true), operand(false), requantization_,
                              scale_of(input(kYScale)), kBytes, table_.data(), passes_.data());
  }

  // Its gradient: that of x itself, and that of what the table makes, times the table's slope.
  void make_slope() {
    std::array<float, kBytes> ones, to_a, to_b;
    ones.fill(1);
    const kernels::QuantizedOperand a = operand(true), b = operand(false);
    const float step = scale_of(input(kYScale));
    if (function_ == BinaryFunction::kMul) {
      kernels::product_gradients(ones.data(), passes_.data(), step, a, b, kBytes, to_a.data(),
                                 to_b.data());
    } else {
      const float sign = function_ == BinaryFunction::kSub ? -1.0F : 1.0F;
      kernels::masked_scale(ones.data(), passes_.data(), a.scale / step, sign * b.scale / step,
                            kBytes, to_a.data(), to_b.data());
    }
    const std::array<float, kBytes> slope = floats_of_table(input(kSlope), input(kX));
    const std::array<float, kBytes>& to_table = looked_up_.is_first ? to_a : to_b;
    const std::array<float, kBytes>& to_x = looked_up_.is_first ? to_b : to_a;
    for (size_t i = 0; i < kBytes; ++i) slope_[i] = to_x[i] + to_table[i] * slope[i];
  }

  BinaryFunction function_;
  kernels::Requantization requantization_;
  LookedUp looked_up_;
  DerivedFrom held_table_, held_slope_;
  std::array<uint8_t, kBytes> every_byte_{}, made_{}, table_{};
  std::array<uint8_t, kBytes / 8> passes_{};
  std::array<float, kBytes> slope_{};
};

// The lookup that makes `value` of x, in a plan by its kernel; null if something else does.
const Function* lookup_of(const Builder& builder, VariableId value, VariableId x) {
  const FunctionId producer = builder.graph().variable(value).producer;
  if (producer == kNoId || builder.made(value).loose) return nullptr;
  const Function& function = builder.graph().function(producer);
  const bool is_lookup = std::holds_alternative<QuantizedLookup>(function.attributes);
  return is_lookup && function.inputs[0] == x ? &function : nullptr;
}

}  // namespace

bool add_lookup_arithmetic(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto binary = quantized_binary_of(function.attributes);
  if (!binary) return false;
  const auto type = byte_type_of(*binary->output);
  const VariableId a = function.inputs[kBinaryA], b = function.inputs[kBinaryB];
  const Function* of_b = lookup_of(builder, b, a);
  const Function* lookup = of_b != nullptr ? of_b : lookup_of(builder, a, b);
  if (!type || lookup == nullptr) return false;
  const VariableId x = of_b != nullptr ? a : b, made = of_b != nullptr ? b : a;
  std::vector<ValueId> inputs{builder.as_integers(x), builder.value_of(lookup->inputs[kTable])};
  for (const size_t i :
       {kBinaryA + 1, kBinaryA + 2, kBinaryB + 1, kBinaryB + 2, kBinaryYScale, kBinaryYZeroPoint}) {
    if (!is_scalar_leaf(builder, function.inputs[i])) return false;
    inputs.push_back(builder.value_of(function.inputs[i]));
  }
  constexpr size_t kSlopeOfLookup = 2;
  if (lookup->inputs.size() > kSlopeOfLookup) {
    inputs.push_back(builder.value_of(lookup->inputs[kSlopeOfLookup]));
  }
  const ValueId y =
      builder.add_value(function.outputs[0], *type, builder.value(inputs[kX]).layout, inputs);
  builder.add_step(std::make_unique<LookupArithmeticStep>(
      builder, builder.graph().display_name(id), std::move(inputs), y, *binary,
      LookedUp{.is_first = of_b == nullptr, .is_signed = builder.made(made).is_signed()}));
  return true;
}

}  // namespace octet::plan
