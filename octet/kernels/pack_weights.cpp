#include "octet/kernels/pack_weights.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "octet/kernels/byte_weights.h"
#include "octet/kernels/integer_winograd.h"
#include "octet/kernels/vnni_depthwise.h"

namespace octet::kernels {
namespace {

// By way of int or of the float that it is.
template <class Weight>
int16_t widened(Weight weight) {
  return static_cast<int16_t>(1 * weight);
}

// One kernel position of a block's channels, for the `lanes` output channels of a panel.
// `position`: where the first of the input channels stands in its run.
template <class Weight>
void pack_position(const Weight* weights, int64_t channels, int64_t channel_step, int64_t lanes,
                   int64_t lane_step, int64_t position, int16_t* run) {
  for (int64_t c = 0; c < channels; ++c, ++position) {
    int16_t* pair = run + position / 2 * 2 * kPanelChannels + position % 2;
    const Weight* from = weights + c * channel_step;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      pair[2 * lane] = widened(from[lane * lane_step]);
    }
  }
}

template <class Weight>
void pack_dense_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                      int16_t* packed) {
  const ConvolutionShape& s = plan.shape;
  const int64_t taps = s.kernel_h * s.kernel_w, kernel = plan.section_in * taps;
  const int64_t in_section = panel % plan.section_panels * kPanelChannels;
  const int64_t lanes = std::min(kPanelChannels, plan.section_out - in_section);
  weights += (panel / plan.section_panels * plan.section_out + in_section) * kernel;
  const int64_t run_taps = taps / static_cast<int64_t>(plan.runs.size());
  for (const ChannelBlock& block : plan.blocks) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      int16_t* run = packed + block.weights + tap / run_taps * block.run_pairs * 2 * kPanelChannels;
      pack_position(weights + block.begin * taps + tap, block.count, taps, lanes, kernel,
                    tap % run_taps * block.count, run);
    }
  }
}

template <class Weight>
void pack_depthwise_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                          int16_t* packed) {
  constexpr int kFirst[4] = {0, 8, 4, 12};
  const auto taps = static_cast<int64_t>(plan.runs.size());
  const int64_t first = panel * kPanelChannels;
  for (int64_t at = 0; at < kPanelChannels; ++at) {
    const int64_t channel = first + kFirst[at / 4] + at % 4;
    if (channel >= plan.shape.out_channels) continue;
    for (int64_t tap = 0; tap < taps; ++tap) {
      packed[(tap / 2 * kPanelChannels + at) * 2 + tap % 2] =
          widened(weights[channel * taps + tap]);
    }
  }
}

// The weights of one output channel in the order in which a tile reads them, zeros where a run ends
// within a group of four; returns their sum.
template <class Weight>
int32_t gather_vnni_lane(const ConvolutionPlan& plan, const Weight* weights, int8_t* gathered) {
  const int64_t taps = plan.shape.kernel_h * plan.shape.kernel_w;
  const int64_t run_taps = taps / static_cast<int64_t>(plan.runs.size());
  int32_t sum = 0;
  for (int64_t tap = 0; tap < taps; ++tap) {
    int8_t* to =
        gathered + tap / run_taps * 2 * plan.blocks[0].run_pairs + tap % run_taps * plan.section_in;
    const Weight* from = weights + tap;
    for (int64_t c = 0; c < plan.section_in; ++c) {
      const auto w = static_cast<int32_t>(from[c * taps]);
      to[c] = static_cast<int8_t>(w);
      sum += w;
    }
  }
  return sum;
}

// Sixteen channels of a depthwise layer: (group of rows, column, channel, row).
template <class Weight>
void pack_vnni_depthwise_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                               int32_t zero_point, const PackedVnniWeights& to) {
  const ConvolutionShape& s = plan.shape;
  int8_t* packed = to.packed + 2 * panel * plan.panel_size;
  for (int64_t lane = 0; lane < kPanelChannels; ++lane) {
    const int64_t channel = panel * kPanelChannels + lane;
    int32_t sum = 0;
    for (int64_t tap = 0; tap < s.kernel_h * s.kernel_w; ++tap) {
      const int64_t row = tap / s.kernel_w, column = tap % s.kernel_w;
      const int64_t place = (row / kVnniRows * s.kernel_w + column) * kPanelChannels + lane;
      const auto w = static_cast<int8_t>(1 * weights[channel * s.kernel_h * s.kernel_w + tap]);
      packed[place * kVnniRows + row % kVnniRows] = w;
      sum += w;
    }
    to.first_sums[channel] = -zero_point * sum;
  }
}

template <class Weight>
void pack_vnni_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                     int32_t zero_point, const PackedVnniWeights& to) {
  const int64_t kernel = plan.section_in * plan.shape.kernel_h * plan.shape.kernel_w;
  const int64_t in_section = panel % plan.section_panels * kPanelChannels;
  const int64_t lanes = std::min(kPanelChannels, plan.section_out - in_section);
  const int64_t bytes = 2 * plan.panel_size / kPanelChannels;
  weights += (panel / plan.section_panels * plan.section_out + in_section) * kernel;
  std::vector<int8_t> gathered(bytes * kPanelChannels);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const int32_t sum =
        gather_vnni_lane(plan, weights + lane * kernel, gathered.data() + lane * bytes);
    // Both go around in 32 bits for very long sums.
    const uint32_t first = 0U - static_cast<uint32_t>(zero_point) * static_cast<uint32_t>(sum);
    to.first_sums[panel * kPanelChannels + lane] = static_cast<int32_t>(first);
  }
  int8_t* packed = to.packed + 2 * panel * plan.panel_size;
  for (int64_t quad = 0; quad < bytes; quad += kQuad) {
    for (int64_t lane = 0; lane < kPanelChannels; ++lane, packed += kQuad) {
      std::memcpy(packed, gathered.data() + lane * bytes + quad, kQuad);
    }
  }
}

}  // namespace

template <class Weight>
void pack_convolution_weights(const ConvolutionPlan& plan, const Weight* weights, int threads,
                              int16_t* packed) {
#pragma omp parallel for num_threads(threads) schedule(static) if (plan.panels() > 1)
  for (int64_t panel = 0; panel < plan.panels(); ++panel) {
    int16_t* to = packed + panel * plan.panel_size;
    if (plan.depthwise) {
      pack_depthwise_panel(plan, weights, panel, to);
    } else if (plan.winograd) {
      pack_winograd_panel(plan, weights, panel, to);
    } else {
      pack_dense_panel(plan, weights, panel, to);
    }
  }
}

template <class Weight>
void pack_vnni_weights(const ConvolutionPlan& plan, const Weight* weights, int32_t zero_point,
                       int threads, const PackedVnniWeights& to) {
#pragma omp parallel for num_threads(threads) schedule(static) if (plan.panels() > 1)
  for (int64_t panel = 0; panel < plan.panels(); ++panel) {
    if (plan.depthwise) {
      if (panel * kPanelChannels >= plan.shape.out_channels) continue;  // of the last section
      pack_vnni_depthwise_panel(plan, weights, panel, zero_point, to);
    } else {
      pack_vnni_panel(plan, weights, panel, zero_point, to);
    }
  }
}

template void pack_vnni_weights(const ConvolutionPlan&, const int8_t*, int32_t, int,
                                const PackedVnniWeights&);
template void pack_vnni_weights(const ConvolutionPlan&, const float*, int32_t, int,
                                const PackedVnniWeights&);
template void pack_convolution_weights(const ConvolutionPlan&, const int8_t*, int, int16_t*);
template void pack_convolution_weights(const ConvolutionPlan&, const float*, int, int16_t*);

}  // namespace octet::kernels
