#include "octet/kernels/layout.h"

namespace octet::kernels {

namespace {

int64_t product(const Shape& shape, int64_t from) {
  int64_t count = 1;
  for (int64_t i = from; i < shape.rank(); ++i) count *= shape[i];
  return count;
}

}  // namespace

ChannelRows channel_rows(const Shape& shape, Layout layout) {
  if (shape.rank() < 2) return {.outer = 1, .blocks = 1, .inner = product(shape, 0), .lanes = 1};
  const int64_t n = shape[0], c = shape[1], spatial = product(shape, 2);
  switch (layout) {
    case Layout::kChannelsLast:
      return {.outer = n * spatial, .blocks = 1, .inner = 1, .lanes = c};
    case Layout::kBlocked8:
      return {.outer = n, .blocks = c / 8, .inner = spatial, .lanes = 8};
    case Layout::kBlocked16:
      return {.outer = n, .blocks = c / 16, .inner = spatial, .lanes = 16};
    default:
      // A matrix (N, C): its rows are rows here too.
      if (spatial == 1) return {.outer = n, .blocks = 1, .inner = 1, .lanes = c};
      return {.outer = n, .blocks = c, .inner = spatial, .lanes = 1};
  }
}

}  // namespace octet::kernels
