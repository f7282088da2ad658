#include "octet/kernels/pack_weights.h"

#include <algorithm>

#include "octet/kernels/integer_winograd.h"

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

template void pack_convolution_weights(const ConvolutionPlan&, const int8_t*, int, int16_t*);
template void pack_convolution_weights(const ConvolutionPlan&, const float*, int, int16_t*);

}  // namespace octet::kernels
