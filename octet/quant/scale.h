// From the range of a value to its scale and zero point.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>

#include "octet/base/qparams.h"

namespace octet {

// The smallest scale. It stands in where a range asks for less, so that a scale is never zero and
// the product of two (the scale of a bias) is never too small for a float. 2^-23 is the distance of
// float32 from 1 to its neighbour.
inline constexpr float kTinyScale = 0x1p-23f;

// The smallest and the largest value, float32: one element (per tensor) or one for each channel,
// both tensors of the same shape.
struct Range {
  at::Tensor minimum;
  at::Tensor maximum;
};

// float32, both of the range's shape. zero_point holds whole numbers.
struct ScaleZeroPoint {
  at::Tensor scale;
  at::Tensor zero_point;
};

// What choose_scale() has to warn of, collected over the values of a network, so that a broken
// network gives a line and not hundreds.
struct ScaleWarnings {
  struct Kind {
    int64_t values = 0;        // that are affected
    std::string first;         // the first of them
    int64_t first_ranges = 0;  // how many of its ranges are, of first_total
    int64_t first_total = 0;
  };
  int64_t values = 0;  // that were looked at
  Kind tiny;           // ranges of zero or nearly so
  Kind negative;       // negative values that unsigned integers without a zero point make 0

  // Logs at most one warning of each kind; `where` names the network's part.
  void report(std::string_view where) const;
};

// The scale and zero point that spread the integers of `format` over [m, M] = range, in float32
// arithmetic, operation by operation:
//
//   symmetric     scale = 2 * max(|m|, |M|) / steps,   zero_point = 0
//     uint8       scale = max(M, 0) / qmax,            zero_point = 0: it has no negative half to
//                 waste a bit on; negative values saturate at 0, which a warning says
//   asymmetric    scale = (M - m) / steps,             zero_point = clamp(round(qmin - m / scale))
//                 with m = min(m, 0) and M = max(M, 0), so that 0 is exact (padding, ReLU)
//
// `pow2` rounds the scale to 2^round(log2 scale), 2^ceil or 2^floor, exactly, before the zero point
// is computed. A scale below kTinyScale becomes kTinyScale, with a warning. Where even that makes
// every value 0 (a dead ReLU, a channel of zeros), the scale means nothing; it becomes the median
// of the other channels', or where there is none that of [-1, 1] ([0, 1] for unsigned or asymmetric
// integers), so that int32 biases, whose unit is a product of scales, keep their room.
//
// A symmetric scale of narrow uint8 (1 .. 255) is an Error, since it has no integer for 0; so is a
// range that is not finite. `where` names the value in these messages. Warnings go to `warnings`
// where it is given, else to the log.
ScaleZeroPoint choose_scale(const Range& range, const QuantFormat& format, bool symmetric,
                            Pow2 pow2, std::string_view where, ScaleWarnings* warnings = nullptr);

// 2^e for the e nearest to log2(scale), above or below it, as `pow2` says; the scale itself for
// NOTROUND and for 0.
float round_to_power_of_two(float scale, Pow2 pow2);

// The scale of a layer's int32 accumulators and bias, scale_x * scale_w, in the shape of scale_w.
// scale_x has one element. Scales of channels that stand `repeats` times in the layer's output (the
// groups of a Deconvolution) do so in the result, which is flat then.
at::Tensor bias_scale(const at::Tensor& scale_x, const at::Tensor& scale_w, int64_t repeats = 1);

// The smallest range that covers all of them; they have one shape.
Range union_of(std::span<const Range> ranges);

// The same numbers in a shape that broadcasts against a tensor of `rank` dimensions: (1, C, 1, 1)
// for axis 1 of 4, all ones for axis -1 (per tensor, one element).
at::Tensor align_to_axis(const at::Tensor& values, int64_t axis, int64_t rank);

}  // namespace octet
