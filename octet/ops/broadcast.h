// Repeating x to a larger shape.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// By NumPy's broadcasting rule: extents of 1 and missing leading dimensions grow to those of
// `shape`. An extent of -1 keeps x's.
struct Broadcast {
  OCTET_ATTRIBUTES(Broadcast, shape)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape shape = {};
};

// y repeated to the shape of x (whose values do not matter). y's dimensions are x's from `axis` on,
// with equal extents or 1; a negative axis means x's last ones.
struct BroadcastTo {
  OCTET_ATTRIBUTES(BroadcastTo, axis)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"y"}};
  int64_t axis = -1;
};

// The whole of x repeated reps[i] times along dimension i, as numpy.tile: the shorter of reps and
// x's shape gets leading ones.
struct Tile {
  OCTET_ATTRIBUTES(Tile, reps)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList reps = {};
};

}  // namespace octet
