// What all ways of convolving a part share: where its input is staged, and what becomes of its
// sums. Included once for each instruction set.
#if defined(OCTET_KERNELS_SECTION_PART_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_SECTION_PART_INL_H
#undef OCTET_KERNELS_SECTION_PART_INL_H
#else
#define OCTET_KERNELS_SECTION_PART_INL_H
#endif

#include <algorithm>

#include "octet/kernels/convolution_part.h"
#include "octet/kernels/finish_sixteens-inl.h"
#include "octet/kernels/finish_sums-inl.h"
#include "octet/kernels/stage_input-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Panels of one section; `panel` is counted from the section's first. The input may be staged
// already.
struct SectionPart {
  int64_t section;
  int64_t panel;
  int64_t panels;
  bool is_staged;
};

// Channels [first, first + count) of the input, `pitch` elements from pixel to pixel.
template <class Staged>
void stage(const ConvolutionPlan& plan, const ConvolutionCall& call, const ConvolutionPart& part,
           int64_t first, int64_t count, int64_t pitch, Staged* staged) {
  StagedValues<Staged> values{static_cast<Staged>(call.x_zero_point), 0};
  if (plan.multiplicand == Multiplicand::kVnni) {
    values = {static_cast<Staged>(plan.lowest_x()),
              static_cast<Staged>(call.x_zero_point - plan.lowest_x())};
  }
  if (plan.is_signed) {
    stage_channels(plan, part, static_cast<const int8_t*>(call.x), values, first, count, staged,
                   pitch);
  } else {
    stage_channels(plan, part, static_cast<const uint8_t*>(call.x), values, first, count, staged,
                   pitch);
  }
}

// Sums of some panels: (panel, pixel, 16), `step` from panel to panel.
struct PanelSums {
  const int32_t* sums = nullptr;
  int64_t panels = 1;
  int64_t step = 0;
};

// Those of the channels [first, end) and of some of a part's pixels, [begin, stop).
inline void finish_pixels(const ConvolutionPlan& plan, const ConvolutionCall& call,
                          const ConvolutionPart& part, int64_t first, int64_t end, int64_t begin,
                          int64_t stop, const PanelSums& all) {
  const int64_t pixels = part.rows * plan.shape.out_width, channels = plan.shape.out_channels;
  double* const moments = call.output.moments == nullptr
                              ? nullptr
                              : call.output.moments + place_of(plan, part) * 2 * channels;
  for (int64_t i = begin, count = 0; i < stop; i += count) {
    const int64_t image = i / pixels, pixel = i % pixels;
    // Both halves of a panel write to the same cache lines.
    count = std::min({kPiecePixels, pixels - pixel, stop - i});
    const auto part_of = [&](int64_t channel, int64_t most) {
      const int64_t panel = (channel - first) / kPanelChannels;
      return SumsOfPixels{.sums = all.sums + panel * all.step + (i - begin) * kPanelChannels +
                                  (channel - first) % kPanelChannels,
                          .image = part.image + image,
                          .pixel = part.row * plan.shape.out_width + pixel,
                          .pixels = count,
                          .channel = channel,
                          .channels = std::min(most, end - channel),
                          .moments = moments == nullptr ? nullptr : moments + channel,
                          .moments_step = channels};
    };
    if (all.panels == 4 && end - first == 4 * kPanelChannels &&
        finish_four_panels(plan.out, call.output, part_of(first, 4 * kPanelChannels), all.step)) {
      continue;
    }
    for (int64_t panel = first; panel < end; panel += kPanelChannels) {
      if (finish_sixteens(plan.out, call.output, part_of(panel, kPanelChannels))) continue;
      for (int64_t channel = panel; channel < std::min(end, panel + kPanelChannels); channel += 8) {
        finish(plan.out, call.output, part_of(channel, 8));
      }
    }
  }
}

inline void finish_panel(const ConvolutionPlan& plan, const ConvolutionCall& call,
                         const ConvolutionPart& part, int64_t first, int64_t end,
                         const int32_t* sums) {
  finish_pixels(plan, call, part, first, end, 0, part.images * part.rows * plan.shape.out_width,
                {.sums = sums});
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
