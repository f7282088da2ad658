// Turns around the beginning of each sequence of a batch: y[b, t] = x[b, lengths[b] - 1 - t] for
// t < lengths[b], and x[b, t] behind it.
//
// x: any shape of at least 2 dimensions; batch_axis and time_axis are two of them. lengths: one
// integer (or integer-valued float) per sequence, from 0 to the extent of the time axis; another
// one is an Error that names it. ONNX's ReverseSequence.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct ReverseSequence {
  OCTET_ATTRIBUTES(ReverseSequence, batch_axis, time_axis)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "lengths", .exact = true}};
  int64_t batch_axis = 1;
  int64_t time_axis = 0;
};

}  // namespace octet
