// Weights for products of bytes: exact where the input lies above its zero point.
//
// x86 multiplies uint8 by int8 and adds two neighbouring products up in int16, which saturates
// (vpmaddubsw). That, and adding up several such sums before they are widened, is exact for a group
// of weights whose positive ones, times the largest x, stay within int16, and so do the negative
// ones. A group that does not is packed twice, each time with half of every weight. Of large groups
// fewer sums are widened, of small ones fewer are packed twice.
#pragma once

#include <cstdint>
#include <vector>

#include "octet/kernels/aligned_buffer.h"
#include "octet/kernels/convolution_plan.h"

namespace octet::kernels {

inline constexpr int64_t kQuad = 4;  // bytes of x that are read at once

class ByteWeights {
 public:
  // For layers of the plan, which is not depthwise.
  explicit ByteWeights(const ConvolutionPlan& plan);

  // weights as in pack_weights.h; x - x_zero_point is in [0, highest_x], at most 255. How large the
  // groups are is decided by the first weights, and again when it no longer pays. False, with
  // nothing packed, where so many groups are packed twice that products of int16 are quicker.
  template <class Weight>
  bool pack(const ConvolutionPlan& plan, const Weight* weights, int32_t highest_x, int threads);

  // Four-byte groups that are added up in int16: 1, 2 or 4.
  int quads() const { return quads_; }

  // A block of a panel: `entries` groups (quad, channel, 4), each with its place behind the first
  // staged element of a window.
  struct Block {
    const int8_t* weights;
    const int32_t* offsets;
    int64_t entries;
  };
  Block block(int64_t panel, int64_t index) const;

 private:
  struct Extent {
    int64_t groups = 0;  // room for so many of one quad, if none is packed twice
    int64_t first = 0;   // the entry of a panel that the block begins with
  };
  // In groups of quads_ quads; false if one is too large in halves too.
  template <class Weight>
  bool pack_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                  int32_t highest_x);
  // All panels in groups of so many quads; what it costs to multiply by them, as pairs of int16.
  template <class Weight>
  double pack_groups(const ConvolutionPlan& plan, const Weight* weights, int quads,
                     int32_t highest_x, int threads);

  std::vector<Extent> blocks_;
  int64_t panel_entries_ = 0;     // room for them
  int quads_ = 0;                 // not decided yet
  std::vector<int64_t> entries_;  // (panel, block)
  AlignedBuffer<int8_t> weights_;
  AlignedBuffer<int32_t> offsets_;
};

extern template bool ByteWeights::pack(const ConvolutionPlan&, const int8_t*, int32_t, int);
extern template bool ByteWeights::pack(const ConvolutionPlan&, const float*, int32_t, int);

}  // namespace octet::kernels
