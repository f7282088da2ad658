#include "octet/plan/steps/concatenate_step.h"

#include <algorithm>

#include "octet/kernels/quantized_arithmetic.h"
#include "octet/ops/concatenate.h"
#include "octet/ops/quantized_arithmetic.h"
#include "octet/plan/steps/channel_pieces.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

namespace {

using kernels::Layout;
using kernels::Pieces;

// From a part to the whole; the gradients go the other way.
Pieces pieces_into(const PartOfWhole& part, int64_t element_bytes) {
  return {.count = part.count,
          .bytes = part.elements * element_bytes,
          .from_stride = part.elements * element_bytes,
          .to_stride = part.stride * element_bytes};
}
Pieces pieces_out_of(const PartOfWhole& part, int64_t element_bytes) {
  Pieces pieces = pieces_into(part, element_bytes);
  std::swap(pieces.from_stride, pieces.to_stride);
  return pieces;
}

// One operand of a concatenation.
struct Operand {
  PartOfWhole part;
  int64_t offset = 0;  // of its first element in the whole
};

std::vector<Operand> operands_of(const Shape& whole, int64_t axis,
                                 const std::vector<int64_t>& extents) {
  std::vector<Operand> operands;
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
                  std::vector<Operand> operands)
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
  std::vector<Operand> operands_;
};

// Of QuantizedConcatenate: y's scale and zero point, then each operand with its own.
constexpr size_t kYScale = 0, kYZeroPoint = 1, kFirst = 2, kInputsOfOperand = 3;

int64_t mask_bytes(const Operand& operand) {
  return operand.part.count * bit_bytes(operand.part.elements);
}

int64_t mask_bytes(const std::vector<Operand>& operands) {
  int64_t bytes = 0;
  for (const Operand& operand : operands) bytes += mask_bytes(operand);
  return bytes;
}

class QuantizedConcatenateStep : public RoundingStep {
 public:
  QuantizedConcatenateStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                           ValueId y, const IntegerOutput& output, std::vector<Operand> operands)
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
  void back(const Operand& operand, const uint8_t* bits, float factor, float* dx) const {
    const PartOfWhole& part = operand.part;
    for (int64_t piece = 0; piece < part.count; ++piece) {
      kernels::masked_scale(output().gradient + operand.offset + piece * part.stride,
                            bits + piece * bit_bytes(part.elements), factor, 1, part.elements,
                            dx + piece * part.elements, nullptr);
    }
  }

  std::vector<Operand> operands_;
};

class SliceStep : public Step {
 public:
  SliceStep(std::string name, ValueId x, ValueId y, const Operand& part)
      : Step(std::move(name), {x}, {y}), slice_(part) {}

  std::string kernel() const override { return "slice"; }

  void forward() override {
    const Value& x = input(0);
    const int64_t bytes = bytes_per_element(x.type);
    kernels::copy_pieces(static_cast<const uint8_t*>(x.data) + slice_.offset * bytes,
                         pieces_out_of(slice_.part, bytes), output().data);
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    std::fill_n(dx, input(0).elements(), 0.0F);
    kernels::copy_pieces(output().gradient, pieces_into(slice_.part, sizeof(float)),
                         dx + slice_.offset);
  }

 private:
  Operand slice_;
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

// What a slice takes of one dimension, the others being whole.
struct OneSlice {
  int64_t axis = 0;
  int64_t begin = 0;
};

std::optional<OneSlice> one_slice(const Slice& op, const Shape& x, const Shape& y) {
  std::optional<OneSlice> found;
  const int64_t rank = x.rank(), given = static_cast<int64_t>(op.start.size());
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t i = axis - (rank - given);
    if (i < 0) continue;
    const int64_t start = op.start[static_cast<size_t>(i)], step = op.step[static_cast<size_t>(i)];
    if (step != 1 && step != kSliceEnd) return std::nullopt;
    if (x[axis] == y[axis]) continue;
    if (found || y[axis] == 0) return std::nullopt;
    // An open start is the beginning.
    const int64_t begin = start == kSliceEnd ? 0 : start < 0 ? start + x[axis] : start;
    found = OneSlice{.axis = axis, .begin = std::clamp<int64_t>(begin, 0, x[axis])};
  }
  return found;
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

bool add_slice(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<Slice>(&function.attributes);
  if (op == nullptr) return false;
  const VariableId x = function.inputs[0], y = function.outputs[0];
  const bool integers = builder.has_integers(x);
  if (!integers && !builder.made(x).is_float()) return false;
  const Shape whole = builder.type(x).shape, part = builder.type(y).shape;
  const auto slice = one_slice(*op, whole, part);
  if (!slice) return false;
  const std::vector<int64_t> extents{slice->begin, part[slice->axis]};
  ValueId from = integers ? builder.as_integers(x) : builder.value_of(x);
  if (!splits_into_pieces(builder.value(from).layout, whole.rank(), slice->axis, extents)) {
    // move_pixels takes them as they are.
    if (slice->axis > 1) return false;
    from = integers ? builder.as_integers(x, Layout::kPlain) : builder.as_floats(x, Layout::kPlain);
  }
  const Value source = builder.value(from);
  const ValueId to = builder.add_value(y, source.type, source.layout, {from});
  builder.add_step(std::make_unique<SliceStep>(
      builder.graph().display_name(id), from, to,
      Operand{.part = part_of_whole(whole, slice->axis, part[slice->axis]),
              .offset = part_offset(whole, slice->axis, slice->begin)}));
  return true;
}

}  // namespace octet::plan
