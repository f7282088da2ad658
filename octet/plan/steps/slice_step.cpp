#include "octet/plan/steps/slice_step.h"

#include <algorithm>
#include <optional>

#include "octet/ops/operation.h"
#include "octet/plan/steps/channel_pieces.h"

namespace octet::plan {

namespace {

using kernels::Layout;

class SliceStep : public Step {
 public:
  SliceStep(std::string name, ValueId x, ValueId y, const PlacedPart& part)
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
  PlacedPart slice_;
};

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
      PlacedPart{.part = part_of_whole(whole, slice->axis, part[slice->axis]),
                 .offset = part_offset(whole, slice->axis, slice->begin)}));
  return true;
}

}  // namespace octet::plan
