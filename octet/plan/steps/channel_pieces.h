// Values side by side along a dimension, as pieces of memory.
#pragma once

#include <span>

#include "octet/base/shape.h"
#include "octet/kernels/moves.h"

namespace octet::plan {

// Whether in this layout `extents` of `axis`, side by side, are pieces of memory: in the plain one
// any extents of any dimension are, so are images, and in blocks the channels of whole blocks.
bool splits_into_pieces(kernels::Layout layout, int64_t rank, int64_t axis,
                        std::span<const int64_t> extents);

// A value (part) of `extent` of the dimension `axis` and one (whole) of which it is a part, which
// has this shape: elements that lie together, how often, and their distance in the whole.
struct PartOfWhole {
  int64_t count = 1;
  int64_t elements = 0;
  int64_t stride = 0;
};
PartOfWhole part_of_whole(const Shape& whole, int64_t axis, int64_t extent);

// Where the part from position `begin` of the axis on begins in memory, in elements.
int64_t part_offset(const Shape& whole, int64_t axis, int64_t begin);

struct PlacedPart {
  PartOfWhole part;
  int64_t offset = 0;  // of its first element in the whole
};

// From a part to the whole, and the other way; of elements of so many bytes.
kernels::Pieces pieces_into(const PartOfWhole& part, int64_t element_bytes);
kernels::Pieces pieces_out_of(const PartOfWhole& part, int64_t element_bytes);

}  // namespace octet::plan
