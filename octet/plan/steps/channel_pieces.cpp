#include "octet/plan/steps/channel_pieces.h"

#include <algorithm>
#include <utility>

namespace octet::plan {

namespace {

// The elements of one position of the axis and of what comes behind it. In blocks of channels too:
// an image has as many elements for each channel.
int64_t elements_behind(const Shape& shape, int64_t axis) {
  int64_t elements = 1;
  for (int64_t i = axis + 1; i < shape.rank(); ++i) elements *= shape[i];
  return elements;
}

}  // namespace

bool splits_into_pieces(kernels::Layout layout, int64_t rank, int64_t axis,
                        std::span<const int64_t> extents) {
  if (layout == kernels::Layout::kPlain || axis == 0) return true;
  if (layout == kernels::Layout::kChannelsLast || rank != 4 || axis != 1) return false;
  const int64_t lanes = kernels::lanes_of(layout, 0);
  return std::all_of(extents.begin(), extents.end(),
                     [&](int64_t extent) { return extent % lanes == 0; });
}

PartOfWhole part_of_whole(const Shape& whole, int64_t axis, int64_t extent) {
  const int64_t behind = elements_behind(whole, axis), stride = whole[axis] * behind;
  return {.count = stride == 0 ? 0 : whole.num_elements() / stride,
          .elements = extent * behind,
          .stride = stride};
}

int64_t part_offset(const Shape& whole, int64_t axis, int64_t begin) {
  return begin * elements_behind(whole, axis);
}

kernels::Pieces pieces_into(const PartOfWhole& part, int64_t element_bytes) {
  return {.count = part.count,
          .bytes = part.elements * element_bytes,
          .from_stride = part.elements * element_bytes,
          .to_stride = part.stride * element_bytes};
}

kernels::Pieces pieces_out_of(const PartOfWhole& part, int64_t element_bytes) {
  kernels::Pieces pieces = pieces_into(part, element_bytes);
  std::swap(pieces.from_stride, pieces.to_stride);
  return pieces;
}

}  // namespace octet::plan
