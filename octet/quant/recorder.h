// Recorders watch values go by and choose the range that their integers cover.
//
// A recorder is a RecorderSpec (what to do) and a fixed list of state tensors (what was seen),
// which a graph holds as Variables. Everything here works on the state in place, records no
// gradient, and gives the same numbers with any number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "octet/base/qparams.h"
#include "octet/quant/recorder_spec.h"
#include "octet/quant/scale.h"

namespace octet {

struct StateTensor {
  std::string name;
  at::Tensor initial;  // on the CPU
};

// The state of a recorder that has seen nothing, per tensor for channels = 0 (elements of shape ())
// or for that many channels (shape (channels)):
//
//   m, M        float32  the smallest and the largest figure so far, from 0
//   count       int64 () how many batches were seen
//   limit       float32  HISTOGRAM only: the histogram covers [-limit, limit); 0 if not yet chosen
//   histogram   int64    HISTOGRAM only: (bins), or (channels, bins)
//
// Below, `state` is such a list in this order, on any one device; of the shapes only the number of
// elements matters, so (1, 1, 1, 1) is as good as ().
std::vector<StateTensor> recorder_state(const RecorderSpec& spec, int64_t channels);

// Takes a batch of values into the state. `axis` is the channel axis of x, or -1 for per tensor.
// Throws Error prefixed with `where` if x is empty, has NaN or infinite values, or other channels
// than the state.
void observe(const RecorderSpec& spec, std::span<const at::Tensor> state, const at::Tensor& x,
             int64_t axis, std::string_view where);

// The range that the rule of the recorder reads from the state, float32 in the shape of m. Several
// may be united (union_of) before choose_scale. The format, `symmetric` and `pow2` say what the
// range is for. Throws Error prefixed with `where` if the recorder has seen nothing.
Range range_of(const RecorderSpec& spec, std::span<const at::Tensor> state,
               const QuantFormat& format, bool symmetric, std::string_view where,
               Pow2 pow2 = Pow2::NOTROUND);

}  // namespace octet
