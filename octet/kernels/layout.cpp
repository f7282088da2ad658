#include "octet/kernels/layout.h"

namespace octet::kernels {

namespace {

int64_t product(const Shape& shape, int64_t from) {
  int64_t count = 1;
  for (int64_t i = from; i < shape.rank(); ++i) count *= shape[i];
  return count;
}

}  // namespace

int64_t lanes_of(Layout layout, int64_t channels) {
  switch (layout) {
    case Layout::kChannelsLast:
      return channels;
    case Layout::kBlocked8:
      return 8;
    case Layout::kBlocked16:
      return 16;
    default:
      return 1;
  }
}

ChannelRows channel_rows(const Shape& shape, Layout layout) {
  if (shape.rank() < 2) return {.outer = 1, .blocks = 1, .inner = product(shape, 0), .lanes = 1};
  const int64_t n = shape[0], c = shape[1], spatial = product(shape, 2);
  // Of a matrix (N, C), the rows are rows here too.
  const bool last = layout == Layout::kChannelsLast || (layout == Layout::kPlain && spatial == 1);
  if (last) return {.outer = n * spatial, .blocks = 1, .inner = 1, .lanes = c};
  const int64_t lanes = lanes_of(layout, c);
  return {.outer = n, .blocks = c / lanes, .inner = spatial, .lanes = lanes};
}

}  // namespace octet::kernels
