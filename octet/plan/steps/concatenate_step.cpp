#include "octet/plan/steps/concatenate_step.h"

#include <algorithm>

#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/quantized_arithmetic.h"
#include "octet/ops/concatenate.h"
#include "octet/ops/quantized_arithmetic.h"
#include "octet/plan/steps/channel_pieces.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

using kernels::Layout;

std::vector<PlacedPart> operands_of(const Shape& whole, int64_t axis,
                                    const std::vector<int64_t>& extents) {
  std::vector<PlacedPart> operands;
  int64_t begin = 0;
  for (const int64_t extent : extents) {
    operands.push_back(
        {.part = part_of_whole(whole, axis, extent), .offset = part_offset(whole, axis, begin)});
    begin += extent;
  }
  return operands;
}

class ConcatenateStep : public Step {
 public:
  ConcatenateStep(std::string name, std::vector<ValueId> inputs, ValueId y,
                  std::vector<PlacedPart> operands)
      : Step(std::move(name), std::move(inputs), {y}), operands_(std::move(operands)) {}

  std::string kernel() const override { return "concatenate"; }

  void forward() override {
    for (size_t i = 0; i < operands_.size(); ++i) {
      kernels::copy_pieces(input(i).data, pieces_into(operands_[i].part, sizeof(float)),
                           output().floats() + operands_[i].offset);
    }
  }

  void backward() override {
    for (size_t i = 0; i < operands_.size(); ++i) {
      float* dx = input_gradient(i);
      if (dx == nullptr) continue;
      kernels::copy_pieces(output().gradient + operands_[i].offset,
                           pieces_out_of(operands_[i].part, sizeof(float)), dx);
    }
  }

 private:
  std::vector<PlacedPart> operands_;
};

// Of QuantizedConcatenate: y's scale and zero point, then each operand with its own.
constexpr size_t kYScale = 0, kYZeroPoint = 1, kFirst = 2, kInputsOfOperand = 3;

int64_t mask_bytes(const PlacedPart& operand) {
  return operand.part.count * bit_bytes(operand.part.elements);
}

int64_t mask_bytes(const std::vector<PlacedPart>& operands) {
  int64_t bytes = 0;
  for (const PlacedPart& operand : operands) bytes += mask_bytes(operand);
  return bytes;
}

class QuantizedConcatenateStep : public RoundingStep {
 public:
  QuantizedConcatenateStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                           ValueId y, const IntegerOutput& output, std::vector<PlacedPart> operands)
      : RoundingStep(builder, std::move(name), std::move(inputs), {y}, requantization_of(output),
                     mask_bytes(operands)),
        operands_(std::move(operands)) {}

  std::string kernel() const override { return "quantized_concatenate"; }

  void forward() override {
    requantization_.zero_point = static_cast<int32_t>(scalar_of(input(kYZeroPoint)));
    uint8_t* bits = passes();
    for (size_t i = 0; i < operands_.size(); ++i) {
      const size_t first = kFirst + i * kInputsOfOperand;
      const kernels::QuantizedOperand x =
          operand_of(input(first), input(first + 1), input(first + 2));
      kernels::change_scale(x, requantization_, scale_of(input(kYScale)),
                            pieces_into(operands_[i].part, 1),
                            static_cast<uint8_t*>(output().data) + operands_[i].offset, bits);
      if (bits != nullptr) bits += mask_bytes(operands_[i]);
    }
  }

  void backward() override {
    const uint8_t* bits = passes();
    for (size_t i = 0; i < operands_.size(); ++i) {
      const size_t first = kFirst + i * kInputsOfOperand;
      if (float* dx = input_gradient(first)) {
        const float factor = scale_of(input(first + 1)) / scale_of(input(kYScale));
        back(operands_[i], bits, factor, dx);
      }
      bits += mask_bytes(operands_[i]);
    }
  }

 private:
  void back(const PlacedPart& operand, const uint8_t* bits, float factor, float* dx) const {
    const PartOfWhole& part = operand.part;
    for (int64_t piece = 0; piece < part.count; ++piece) {
      kernels::masked_scale(output().gradient + operand.offset + piece * part.stride,
                            bits + piece * bit_bytes(part.elements), factor, 1, part.elements,
                            dx + piece * part.elements, nullptr);
    }
  }

  std::vector<PlacedPart> operands_;
};

// The layout that most of the elements have, if the parts are pieces of it, else the plain one.
Layout common_layout(const Builder& builder, const std::vector<VariableId>& parts, int64_t axis,
                     const std::vector<int64_t>& extents) {
  std::map<Layout, int64_t> elements;
  for (const VariableId part : parts) {
    const Value& made = builder.made(part);
    elements[made.layout] += made.elements();
  }
  const auto most = std::max_element(elements.begin(), elements.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  const int64_t rank = builder.type(parts[0]).shape.rank();
  return splits_into_pieces(most->first, rank, axis, extents) ? most->first : Layout::kPlain;
}

std::vector<int64_t> extents_of(const Builder& builder, const std::vector<VariableId>& parts,
                                int64_t axis) {
  std::vector<int64_t> extents;
  for (const VariableId part : parts) extents.push_back(builder.type(part).shape[axis]);
  return extents;
}

}  // namespace

bool add_concatenate(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<Concatenate>(&function.attributes);
  if (op == nullptr) return false;
  for (const VariableId input : function.inputs) {
    if (!builder.made(input).is_float()) return false;
  }
  const VariableId y = function.outputs[0];
  const Shape whole = builder.type(y).shape;
  const int64_t axis = normalize_axis(op->axis, whole.rank(), op->kType);
  const std::vector<int64_t> extents = extents_of(builder, function.inputs, axis);
  const Layout layout = common_layout(builder, function.inputs, axis, extents);
  std::vector<ValueId> inputs;
  for (const VariableId input : function.inputs) {
    inputs.push_back(builder.as_floats(input, layout));
  }
  const ValueId to = builder.add_value(y, ElementType::kFloat32, layout, inputs);
  builder.add_step(std::make_unique<ConcatenateStep>(
      builder.graph().display_name(id), std::move(inputs), to, operands_of(whole, axis, extents)));
  return true;
}

bool add_quantized_concatenate(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<QuantizedConcatenate>(&function.attributes);
  if (op == nullptr) return false;
  const auto type = byte_type_of(*op);
  if (!type) return false;
  std::vector<VariableId> parts;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const bool is_part = i >= kFirst && (i - kFirst) % kInputsOfOperand == 0;
    if (is_part) parts.push_back(function.inputs[i]);
    if (!(is_part ? builder.has_integers(function.inputs[i])
                  : is_scalar_leaf(builder, function.inputs[i]))) {
      return false;
    }
  }
  const VariableId y = function.outputs[0];
  const Shape whole = builder.type(y).shape;
  const int64_t axis = normalize_axis(op->axis, whole.rank(), op->kType);
  const std::vector<int64_t> extents = extents_of(builder, parts, axis);
  const Layout layout = common_layout(builder, parts, axis, extents);
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const bool is_part = i >= kFirst && (i - kFirst) % kInputsOfOperand == 0;
    inputs.push_back(is_part ? builder.as_integers(function.inputs[i], layout)
                             : builder.value_of(function.inputs[i]));
  }
  const ValueId to = builder.add_value(y, *type, layout, inputs);
  builder.add_step(std::make_unique<QuantizedConcatenateStep>(
      builder, builder.graph().display_name(id), std::move(inputs), to, *op,
      operands_of(whole, axis, extents)));
  return true;
}

}  // namespace octet::plan
