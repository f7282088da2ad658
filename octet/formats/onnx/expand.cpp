// Repeating to a shape that holds an open dimension: in the graph this takes a value of that shape.
#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/formats/onnx/graph_builder.h"

namespace octet {
namespace {

// Broadcasts each sampled shape with the value's own.
SampledShape broadcast_samples(const SampledShape& own, const OnnxValue& shape,
                               const std::string& where) {
  SampledShape result;
  for (size_t run = 0; run < kSamples; ++run) {
    const at::Tensor wanted = (is_constant(shape) ? shape->known[0] : shape->known[run]);
    const at::Tensor plain = wanted.to(at::kLong).contiguous();
    const auto* extents = plain.data_ptr<int64_t>();
    result[run] = broadcast_shapes(
        own[run], Shape(std::vector<int64_t>(extents, extents + plain.numel())), where);
  }
  return result;
}

bool is_open(const SampledShape& shape, int64_t axis) {
  return shape[0][axis] != shape[1][axis] || shape[0][axis] != shape[2][axis];
}

}  // namespace

// The open dimension of the input, with extents of 1 elsewhere, repeated to the shape.
OnnxValue OnnxGraphBuilder::shape_reference(const SampledShape& shape) {
  Shape target = shape[0];
  int64_t open_axis = -1;
  for (int64_t i = 0; i < target.rank(); ++i) {
    if (!is_open(shape, i)) continue;
    OCTET_CHECK_FILE(open_axis < 0, where_, "makes a shape of more than one open dimension");
    open_axis = i;
    target[i] = -1;
  }
  for (const OnnxValue& input : open_inputs_) {
    const SampledShape samples = samples_of(input->id);
    bool same = true;
    for (size_t run = 0; run < kSamples; ++run) {
      same = same && samples[run][0] == shape[run][open_axis];
    }
    if (!same) continue;
    const auto others = static_cast<size_t>(samples[0].rank() - 1);
    OnnxValue column = input;
    if (others > 0) {
      column = emit(
          Slice{
              .start = IntList(others, 0), .stop = IntList(others, 1), .step = IntList(others, 1)},
          {column});
    }
    Shape ones(target.size(), 1);
    ones[static_cast<size_t>(open_axis)] = -1;
    column = emit(Reshape{.shape = ones}, {column});
    return emit(Broadcast{.shape = target}, {column});
  }
  throw_file_error(where_, "makes a shape whose extent {} is no input's first dimension",
                   open_axis);
}

OnnxValue OnnxGraphBuilder::expand_to(const OnnxValue& value, const OnnxValue& shape) {
  const std::optional<SampledShape> own = samples_of(value);
  if (!own.has_value()) {  // open in a way that is not followed: a constant shape may do
    OCTET_CHECK_FILE(is_constant(shape), where_, "makes a shape that is not known");
    const at::Tensor wanted = shape->known[0].to(at::kLong).contiguous();
    Shape target(std::vector<int64_t>(wanted.data_ptr<int64_t>(),
                                      wanted.data_ptr<int64_t>() + wanted.numel()));
    const Shape x = shape_of(value);
    const int64_t added = target.rank() - x.rank();
    for (int64_t i = 0; i < target.rank(); ++i) {
      if (i >= added && target[i] == 1) target[i] = -1;
    }
    return emit(Broadcast{.shape = target}, {value});
  }
  const SampledShape joint = broadcast_samples(*own, shape, where_);
  Shape target = joint[0];
  bool needs_reference = false;
  const int64_t added = target.rank() - (*own)[0].rank();
  for (int64_t i = 0; i < target.rank(); ++i) {
    if (!is_open(joint, i)) continue;
    target[i] = -1;
    needs_reference = needs_reference || i < added || !is_open(*own, i - added);
  }
  if (!needs_reference) return emit(Broadcast{.shape = target}, {value});
  return emit(BroadcastTo{.axis = -1}, {shape_reference(joint), value});
}

}  // namespace octet
