#include "octet/plan/steps/quantized_arithmetic_step.h"

#include <optional>

#include "octet/kernels/global_pooling.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/quantized_binary.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

using kernels::BinaryFunction;

constexpr size_t kA = kBinaryA, kB = kBinaryB, kYScale = kBinaryYScale,
                 kYZeroPoint = kBinaryYZeroPoint;
// Requantize: x, scale, zero point, then these of y.
constexpr size_t kUnaryYScale = 3;

// What of (N, C, 1, 1) or (1, C, 1, 1) is spread over the pixels of images. The other operand, and
// a function of two images, have none.
struct Spread {
  size_t input;               // kA or kB
  bool over_images = false;   // one for all of them
  BufferId forward = kNoId;   // the operand as an image of bytes, where the kernel needs one
  BufferId backward = kNoId;  // likewise, of a product
  BufferId gradient = kNoId;  // of that image
  BufferId sums = kNoId;      // of the gradients of each image's channels, if spread over images
};

class QuantizedBinaryStep : public RoundingStep {
 public:
  QuantizedBinaryStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                      std::vector<ValueId> outputs, BinaryFunction function,
                      const IntegerOutput& output, std::optional<Spread> spread)
      : RoundingStep(builder, std::move(name), std::move(inputs), outputs,
                     requantization_of(output), bit_bytes(builder.value(outputs[0]).elements())),
        function_(function),
        spread_(spread) {
    const Value& y = builder.value(this->outputs()[0]);
    // The gradients of a product need its operands again.
    const bool reads_again = function == BinaryFunction::kMul && y.needs_gradient;
    if (reads_again) memory.saved = {this->inputs()[kA], this->inputs()[kB]};
    if (!spread_) return;
    in_place_ = y.layout == kernels::Layout::kBlocked8 &&
                (function != BinaryFunction::kSub || spread_->input == kB);
    if (!in_place_) {
      spread_->forward = builder.add_buffer(y.elements());
      memory.forward_scratch = {spread_->forward};
    }
    if (!y.needs_gradient) return;
    spread_->gradient = builder.add_buffer(y.elements() * 4);
    memory.backward_scratch = {spread_->gradient};
    if (spread_->over_images) {
      spread_->sums = builder.add_buffer(y.shape[0] * y.shape[1] * 4);
      memory.backward_scratch.push_back(spread_->sums);
    }
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

  bool takes_bfloat16() const override { return has_linear_gradients(); }
  bool gives_bfloat16(size_t i) const override {
    return has_linear_gradients() && (i == kA || i == kB);
  }

  void backward() override {
    if (has_linear_gradients()) {
      return linear_gradients(any_input_gradient(kA), any_input_gradient(kB));
    }
    float* da = image_gradient(kA);
    float* db = image_gradient(kB);
    if (function_ == BinaryFunction::kMul) {
      const auto at = [&](size_t first) {
        return operand(first, spread_ ? spread_->backward : kNoId);
      };
      kernels::product_gradients(output().gradient, passes(), scale_of(input(kYScale)), at(kA),
                                 at(kB), output().elements(), da, db);
    } else {
      linear_gradients(da, db);
    }
    if (!spread_) return;
    if (float* channels = input_gradient(spread_->input)) sum_spread(channels);
  }

 private:
  // Those of images are the output's, masked and scaled.
  bool has_linear_gradients() const { return function_ != BinaryFunction::kMul && !spread_; }

  void linear_gradients(const kernels::Gradient& da, const kernels::Gradient& db) {
    const float step = scale_of(input(kYScale));
    const float sign = function_ == BinaryFunction::kSub ? -1.0F : 1.0F;
    kernels::masked_scale(output().any_gradient(), passes(), scale_of(input(kA + 1)) / step,
                          sign * scale_of(input(kB + 1)) / step, output().elements(), da, db);
  }

  void of_channels() {
    Value& y = output();
    const auto at = [&](size_t first) {
      return operand_of(input(first), input(first + 1), input(first + 2));
    };
    const kernels::ChannelRows rows = y.rows();
    kernels::quantized_binary_of_channels(
        function_, at(spread_->input == kA ? kB : kA), at(spread_->input), requantization_,
        scale_of(input(kYScale)),
        {.images = rows.outer * rows.blocks,
         .channels = (spread_->over_images ? 1 : rows.outer) * rows.blocks,
         .pixels = rows.inner},
        y.data, passes());
  }

  void sum_spread(float* channels) {
    const Value& y = output();
    float* sums = spread_->over_images ? float_buffer(spread_->sums) : channels;
    kernels::sum_pixels(float_buffer(spread_->gradient), y.shape, y.layout, /*zero_point=*/0, sums);
    if (spread_->over_images) kernels::sum_images(sums, y.shape[0], y.shape[1], channels);
  }

  bool is_spread(size_t first) const { return spread_ && spread_->input == first; }

  // `image`: where an operand is spread.
  kernels::QuantizedOperand operand(size_t first, BufferId image) const {
    kernels::QuantizedOperand made = operand_of(input(first), input(first + 1), input(first + 2));
    if (!is_spread(first)) return made;
    auto* bytes = static_cast<uint8_t*>(buffer(image));
    made.data = bytes;
    const Value& y = output();
    Shape part = y.shape;
    if (spread_->over_images) part[0] = 1;
    for (int64_t i = 0; i < y.shape[0]; i += part[0]) {
      kernels::spread_bytes_to_pixels(static_cast<const uint8_t*>(input(first).data), part,
                                      y.layout, bytes + i * part.num_elements());
    }
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
  bool takes_bfloat16() const override { return true; }
  bool gives_bfloat16(size_t i) const override { return i == 0; }

  void forward() override {
    Value& y = output();
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kUnaryYScale + 1)));
    kernels::change_scale(operand_of(input(0), input(1), input(2)), requantization_,
                          scale_of(input(kUnaryYScale)), y.elements(), y.data, passes());
  }

  void backward() override {
    const kernels::Gradient dx = any_input_gradient(0);
    if (!dx) return;
    kernels::masked_scale(output().any_gradient(), passes(),
                          scale_of(input(1)) / scale_of(input(kUnaryYScale)), 1,
                          output().elements(), dx, nullptr);
  }
};

// Whether `values` is (N, C, 1, 1) or (1, C, 1, 1) to images (N, C, H, W).
bool is_of_channels(const Shape& values, const Shape& images) {
  return values.rank() == 4 && images.rank() == 4 && (values[0] == images[0] || values[0] == 1) &&
         values[1] == images[1] && values[2] == 1 && values[3] == 1;
}

// How the operands of these shapes fit together; `possible` if they do.
struct Fit {
  bool possible = true;
  std::optional<Spread> spread;
};

Fit fit_of(const Shape& a, const Shape& b) {
  if (a == b) return {};
  if (is_of_channels(b, a)) return {.spread = Spread{.input = kB, .over_images = b[0] != a[0]}};
  if (is_of_channels(a, b)) return {.spread = Spread{.input = kA, .over_images = a[0] != b[0]}};
  return {.possible = false};
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
  const auto binary = quantized_binary_of(function.attributes);
  if (!binary) return false;
  const auto type = byte_type_of(*binary->output);
  const VariableId a = function.inputs[kA], b = function.inputs[kB];
  const Fit fit = fit_of(builder.type(a).shape, builder.type(b).shape);
  if (!type || !fit.possible) return false;
  const auto is_spread = [&](size_t i) { return fit.spread && fit.spread->input == i; };
  for (const size_t i : {kA, kB}) {
    const VariableId operand = function.inputs[i];
    if (!builder.has_integers(operand) &&
        !(is_spread(i) && builder.has_constant_integers(operand))) {
      return false;
    }
  }
  for (const size_t i : {kA + 1, kA + 2, kB + 1, kB + 2, kYScale, kYZeroPoint}) {
    if (!is_scalar_leaf(builder, function.inputs[i])) return false;
  }
  const ValueId image = builder.as_integers(is_spread(kA) ? b : a);
  const kernels::Layout layout = builder.value(image).layout;
  const auto integers = [&](size_t i) {
    // With one pixel every layout is the same.
    return is_spread(i) ? builder.as_integers(function.inputs[i])
                        : builder.as_integers(function.inputs[i], layout);
  };
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    inputs.push_back(i == kA || i == kB ? integers(i) : builder.value_of(function.inputs[i]));
  }
  const ValueId y = builder.add_value(function.outputs[0], *type, layout, inputs);
  builder.add_step(std::make_unique<QuantizedBinaryStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y},
      binary->function, *binary->output, fit.spread));
  return true;
}

}  // namespace octet::plan
