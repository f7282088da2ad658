#include "octet/plan/steps/quantized_arithmetic_step.h"

#include <optional>

#include "octet/kernels/global_pooling.h"
#include "octet/kernels/quantized_arithmetic.h"
#include "octet/ops/quantized_arithmetic.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

using kernels::BinaryFunction;

// Each operand is followed by its scale and zero point.
constexpr size_t kA = 0, kB = 3, kYScale = 6, kYZeroPoint = 7;
// Requantize: x, scale, zero point, then these of y.
constexpr size_t kUnaryYScale = 3;

// What of (N, C, 1, 1) is spread over the pixels of an image. The other operand, and a function of
// two images, have none.
struct Spread {
  size_t input;               // kA or kB
  BufferId forward = kNoId;   // the operand as an image of bytes, where the kernel needs one
  BufferId backward = kNoId;  // likewise, of a product
  BufferId gradient = kNoId;  // of that image
};

class QuantizedBinaryStep : public RoundingStep {
 public:
  QuantizedBinaryStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                      std::vector<ValueId> outputs, BinaryFunction function,
                      const IntegerOutput& output, std::optional<size_t> spread_input)
      : RoundingStep(builder, std::move(name), std::move(inputs), outputs,
                     requantization_of(output), bit_bytes(builder.value(outputs[0]).elements())),
        function_(function) {
    const Value& y = builder.value(this->outputs()[0]);
    // The gradients of a product need its operands again.
    const bool reads_again = function == BinaryFunction::kMul && y.needs_gradient;
    if (reads_again) memory.saved = {this->inputs()[kA], this->inputs()[kB]};
    if (!spread_input) return;
    spread_ = Spread{.input = *spread_input};
    in_place_ = y.layout == kernels::Layout::kBlocked8 &&
                (function != BinaryFunction::kSub || *spread_input == kB);
    if (!in_place_) {
      spread_->forward = builder.add_buffer(y.elements());
      memory.forward_scratch = {spread_->forward};
    }
    if (!y.needs_gradient) return;
    spread_->gradient = builder.add_buffer(y.elements() * 4);
    memory.backward_scratch = {spread_->gradient};
    if (!reads_again) return;
    spread_->backward = builder.add_buffer(y.elements());
    memory.backward_scratch.push_back(spread_->backward);
  }

  std::string kernel() const override {
    switch (function_) {
      case BinaryFunction::kAdd:
        return "quantized_add";
      case BinaryFunction::kSub:
        return "quantized_sub";
      default:
        return "quantized_mul";
    }
  }

  void forward() override {
    Value& y = output();
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
    if (in_place_) return of_channels();
    const auto at = [&](size_t first) {
      return operand(first, spread_ ? spread_->forward : kNoId);
    };
    kernels::quantized_binary(function_, at(kA), at(kB), requantization_, scale_of(input(kYScale)),
                              y.elements(), y.data, passes());
  }

  void backward() override {
    float* da = image_gradient(kA);
    float* db = image_gradient(kB);
    if (function_ == BinaryFunction::kMul) {
      const auto at = [&](size_t first) {
        return operand(first, spread_ ? spread_->backward : kNoId);
      };
      kernels::product_gradients(output().gradient, passes(), scale_of(input(kYScale)), at(kA),
                                 at(kB), output().elements(), da, db);
    } else {
      const float step = scale_of(input(kYScale));
      const float sign = function_ == BinaryFunction::kSub ? -1.0F : 1.0F;
      kernels::masked_scale(output().gradient, passes(), scale_of(input(kA + 1)) / step,
                            sign * scale_of(input(kB + 1)) / step, output().elements(), da, db);
    }
    if (!spread_) return;
    if (float* sums = input_gradient(spread_->input)) {
      kernels::sum_pixels(float_buffer(spread_->gradient), output().shape, output().layout,
                          /*zero_point=*/0, sums);
    }
  }

 private:
  void of_channels() {
    Value& y = output();
    const auto at = [&](size_t first) {
      return operand_of(input(first), input(first + 1), input(first + 2));
    };
    const kernels::ChannelRows rows = y.rows();
    kernels::quantized_binary_of_channels(
        function_, at(spread_->input == kA ? kB : kA), at(spread_->input), requantization_,
        scale_of(input(kYScale)), rows.outer * rows.blocks, rows.inner, y.data, passes());
  }

  bool is_spread(size_t first) const { return spread_ && spread_->input == first; }

  // `image`: where an operand is spread.
  kernels::QuantizedOperand operand(size_t first, BufferId image) const {
    kernels::QuantizedOperand made = operand_of(input(first), input(first + 1), input(first + 2));
    if (!is_spread(first)) return made;
    auto* bytes = static_cast<uint8_t*>(buffer(image));
    kernels::spread_bytes_to_pixels(static_cast<const uint8_t*>(made.data), output().shape,
                                    output().layout, bytes);
    made.data = bytes;
    return made;
  }

  // Where the gradient of an operand goes as it is for each element of the output.
  float* image_gradient(size_t first) const {
    float* gradient = input_gradient(first);
    return gradient != nullptr && is_spread(first) ? float_buffer(spread_->gradient) : gradient;
  }

  BinaryFunction function_;
  std::optional<Spread> spread_;
  bool in_place_ = false;  // the kernel spreads by itself
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
    kernels::change_scale(operand_of(input(0), input(1), input(2)), requantization_,
                          scale_of(input(kUnaryYScale)), y.elements(), y.data, passes());
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    kernels::masked_scale(output().gradient, passes(),
                          scale_of(input(1)) / scale_of(input(kUnaryYScale)), 1,
                          output().elements(), dx, nullptr);
  }
};

struct Binary {
  BinaryFunction function;
  const IntegerOutput* output;
};

std::optional<Binary> binary_of(const Attributes& attributes) {
  if (const auto* op = std::get_if<QuantizedAdd2>(&attributes)) {
    return Binary{BinaryFunction::kAdd, op};
  }
  if (const auto* op = std::get_if<QuantizedSub2>(&attributes)) {
    return Binary{BinaryFunction::kSub, op};
  }
  if (const auto* op = std::get_if<QuantizedMul2>(&attributes)) {
    return Binary{BinaryFunction::kMul, op};
  }
  return std::nullopt;
}

// Whether `values` is (N, C, 1, 1) to an image (N, C, H, W).
bool is_of_channels(const Shape& values, const Shape& image) {
  return values.rank() == 4 && image.rank() == 4 && values[0] == image[0] &&
         values[1] == image[1] && values[2] == 1 && values[3] == 1;
}

}  // namespace

bool add_change_of_scale(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<Requantize>(&function.attributes);
  if (op == nullptr) return false;
  const auto type = byte_type_of(*op);
  if (!type || !builder.has_integers(function.inputs[0]) ||
      !has_scalar_leaves(builder, function, 1)) {
    return false;
  }
  std::vector<ValueId> inputs = inputs_of_unary(builder, function);
  const ValueId y =
      builder.add_value(function.outputs[0], *type, builder.value(inputs[0]).layout, inputs);
  builder.add_step(std::make_unique<ChangeOfScaleStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y}, *op));
  return true;
}

bool add_quantized_arithmetic(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto binary = binary_of(function.attributes);
  if (!binary) return false;
  const auto type = byte_type_of(*binary->output);
  const VariableId a = function.inputs[kA], b = function.inputs[kB];
  if (!type || !builder.has_integers(a) || !builder.has_integers(b)) return false;
  for (const size_t i : {kA + 1, kA + 2, kB + 1, kB + 2, kYScale, kYZeroPoint}) {
    if (!is_scalar_leaf(builder, function.inputs[i])) return false;
  }
  const Shape &shape_a = builder.type(a).shape, &shape_b = builder.type(b).shape;
  std::optional<size_t> spread;
  if (shape_a != shape_b) {
    if (is_of_channels(shape_b, shape_a)) {
      spread = kB;
    } else if (is_of_channels(shape_a, shape_b)) {
      spread = kA;
    } else {
      return false;
    }
  }
  const ValueId image = builder.as_integers(spread == kA ? b : a);
  const kernels::Layout layout = builder.value(image).layout;
  const auto integers = [&](size_t i) {
    // With one pixel every layout is the same.
    return spread == i ? builder.as_integers(function.inputs[i])
                       : builder.as_integers(function.inputs[i], layout);
  };
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    inputs.push_back(i == kA || i == kB ? integers(i) : builder.value_of(function.inputs[i]));
  }
  const ValueId y = builder.add_value(function.outputs[0], *type, layout, inputs);
  builder.add_step(std::make_unique<QuantizedBinaryStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y},
      binary->function, *binary->output, spread));
  return true;
}

}  // namespace octet::plan
