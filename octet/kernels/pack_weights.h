// The weights of a convolution in the order in which its tiles read them.
#pragma once

#include <cstdint>

#include "octet/kernels/convolution_plan.h"

namespace octet::kernels {

// weights: (out_channels, in_channels / groups, kernel_h, kernel_w), int8 or whole numbers in
// float32. packed: plan.panels() * plan.panel_size, zeros where no weight goes. In a panel
//   a dense one:      (block, run, pair, channel, 2), the pair being neighbours in a run
//   a depthwise one:  (pair of taps, channel, 2), the channels in the order of depthwise_tile-inl.h
// Uses up to `threads` threads.
template <class Weight>
void pack_convolution_weights(const ConvolutionPlan& plan, const Weight* weights, int threads,
                              int16_t* packed);

// As vnni_tile.h reads them: (run, quad, channel, 4) in a panel, and -zero_point times the sum of
// the weights of each output channel, for what x then is counted from.
struct PackedVnniWeights {
  int8_t* packed;
  int32_t* first_sums;
};
template <class Weight>
void pack_vnni_weights(const ConvolutionPlan& plan, const Weight* weights, int32_t zero_point,
                       int threads, const PackedVnniWeights& to);

extern template void pack_vnni_weights(const ConvolutionPlan&, const int8_t*, int32_t, int,
                                       const PackedVnniWeights&);
extern template void pack_vnni_weights(const ConvolutionPlan&, const float*, int32_t, int,
                                       const PackedVnniWeights&);
extern template void pack_convolution_weights(const ConvolutionPlan&, const int8_t*, int, int16_t*);
extern template void pack_convolution_weights(const ConvolutionPlan&, const float*, int, int16_t*);

}  // namespace octet::kernels
