// Parts of a convolution with VNNI (vnni_tile.h, vnni_depthwise.h). Included once for each
// instruction set; of use on AVX-512 alone.
#if defined(OCTET_KERNELS_VNNI_PART_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_VNNI_PART_INL_H
#undef OCTET_KERNELS_VNNI_PART_INL_H
#else
#define OCTET_KERNELS_VNNI_PART_INL_H
#endif

#include <algorithm>
#include <cstring>

#include "octet/kernels/section_part-inl.h"
#include "octet/kernels/vnni_depthwise.h"
#include "octet/kernels/vnni_tile.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Where a part's input lies, for windows that begin as plan.windows says.
inline VnniInput vnni_input(const ConvolutionPlan& plan, const ConvolutionCall& call,
                            const ConvolutionPart& part, const SectionPart& which,
                            const uint8_t* staged) {
  VnniInput in{.x = staged,
               .windows = plan.windows.data(),
               .runs = plan.runs.data(),
               .run_count = static_cast<int64_t>(plan.runs.size()),
               .pitch = plan.section_in,
               .run_quads = plan.blocks[0].run_pairs / 2};
  if (!plan.in_place) return in;
  const int64_t pixel = part.row * plan.shape.stride_h * plan.shape.in_width;
  in.x = static_cast<const uint8_t*>(call.x) +
         plan.in.offset(part.image, which.section * plan.section_in, pixel);
  in.flip = plan.is_signed;
  return in;
}

inline void convolve_vnni(const ConvolutionPlan& plan, const ConvolutionCall& call,
                          const ConvolutionPart& part, const SectionPart& which, uint8_t* staged,
                          int32_t* sums) {
  if (!plan.in_place && !which.is_staged) {
    stage(plan, call, part, which.section * plan.section_in, plan.section_in, plan.section_in,
          staged);
  }
  const VnniInput whole = vnni_input(plan, call, part, which, staged);
  const int64_t pixels = part.images * part.rows * plan.shape.out_width;
  const int64_t end = (which.section + 1) * plan.section_out;
  const int64_t last = which.panel + which.panels;
  for (int64_t panel = which.panel; panel < last; panel += kVnniPanels) {
    const int64_t packed = which.section * plan.section_panels + panel;
    const VnniWeights weights{
        .packed = reinterpret_cast<const int8_t*>(call.weights + packed * plan.panel_size),
        .first = call.first_sums + packed * kPanelChannels,
        .panels = std::min(kVnniPanels, last - panel)};
    const int64_t channel = which.section * plan.section_out + panel * kPanelChannels;
    for (int64_t pixel = 0; pixel < pixels; pixel += kPiecePixels) {
      const int64_t count = std::min(kPiecePixels, pixels - pixel);
      VnniInput in = whole;
      in.windows += pixel;
      vnni_sums(in, count, weights, sums, kPiecePixels * kPanelChannels);
      finish_pixels(
          plan, call, part, channel, std::min(end, channel + weights.panels * kPanelChannels),
          pixel, pixel + count,
          {.sums = sums, .panels = weights.panels, .step = kPiecePixels * kPanelChannels});
    }
  }
}

// The columns of a panel's interleaved rows that lie beside the image.
inline void pad_interleaved(const ConvolutionPlan& plan, uint8_t padding, uint8_t* interleaved) {
  constexpr int64_t kColumn = kVnniRows * kPanelChannels;
  const auto [begin, end] = columns_inside(plan);
  for (int64_t group = 0; group < plan.row_groups(); ++group) {
    std::memset(interleaved, padding, begin * kColumn);
    std::memset(interleaved + end * kColumn, padding, (plan.staged_columns - end) * kColumn);
    interleaved += plan.staged_columns * kColumn;
  }
}

// Panels of a depthwise part, from a channel on: one, or kDepthwisePanels of them.
struct DepthwisePanels {
  int64_t channel = 0;
  int64_t count = 1;
};

// The rows that a row of output reads, for some panels; where they come in pairs, those of the next
// one too.
inline void interleave_rows(const ConvolutionPlan& plan, const ConvolutionCall& call, int64_t image,
                            int64_t out_row, const DepthwisePanels& panels, const uint8_t* padding,
                            uint8_t* interleaved) {
  const ConvolutionShape& s = plan.shape;
  const auto [begin, end] = columns_inside(plan);
  const int64_t column = begin * plan.staged_column_step - s.pad_left;
  for (int64_t group = 0; group < plan.row_groups(); ++group) {
    VnniRow rows[kVnniRows];
    for (int64_t r = 0; r < kVnniRows; ++r) {
      // Rows behind the last of all windows have weights of zero.
      const int64_t last = s.kernel_h - (plan.pairs_rows() ? 0 : 1);
      const int64_t y = std::min(group * kVnniRows + r, last);
      const int64_t row = out_row * s.stride_h + y * s.dilation_h - s.pad_top;
      rows[r] = {.x = padding, .step = 0};
      if (row < 0 || row >= s.in_height) continue;
      rows[r] = {.x = static_cast<const uint8_t*>(call.x) +
                      plan.in.offset(image, panels.channel, row * s.in_width + column),
                 .step = s.in_channels * plan.staged_column_step};
    }
    uint8_t* to = interleaved + begin * kVnniRows * kPanelChannels;
    if (panels.count == 1) {
      vnni_interleave(rows, end - begin, plan.is_signed, to);
    } else {
      vnni_interleave_panels(rows, end - begin, plan.is_signed, to, plan.interleaved_size());
    }
    interleaved += plan.staged_columns * kVnniRows * kPanelChannels;
  }
}

// Rows [begin, stop) of all images of a part.
inline void convolve_depthwise_rows(const ConvolutionPlan& plan, const ConvolutionCall& call,
                                    const ConvolutionPart& part, const DepthwisePanels& panels,
                                    int64_t begin, int64_t stop, const uint8_t* padding,
                                    uint8_t* interleaved, int32_t* sums) {
  const ConvolutionShape& s = plan.shape;
  const VnniWindows windows{.groups = plan.row_groups(),
                            .columns = plan.staged_columns,
                            .kernel_w = s.kernel_w,
                            .dilation = s.dilation_w,
                            .column_step = plan.column_step};
  const int64_t row = s.out_width * kPanelChannels, step = plan.depthwise_rows() * row;
  for (int64_t i = begin, both = 1; i < stop; i += both) {
    const bool has_next = i + 1 < stop && (i + 1) % part.rows != 0;
    both = plan.pairs_rows() && has_next ? 2 : 1;
    interleave_rows(plan, call, part.image + i / part.rows, part.row + i % part.rows, panels,
                    padding, interleaved);
    for (int64_t p = 0; p < panels.count; ++p) {
      const int64_t panel = panels.channel / kPanelChannels + p;
      vnni_depthwise_sums(
          interleaved + p * plan.interleaved_size(), windows, s.out_width, static_cast<int>(both),
          reinterpret_cast<const int8_t*>(call.weights + panel * plan.panel_size),
          call.first_sums + panel * kPanelChannels, sums + p * step + (i - begin) * row);
    }
  }
  finish_pixels(plan, call, part, panels.channel, panels.channel + panels.count * kPanelChannels,
                begin * s.out_width, stop * s.out_width,
                {.sums = sums, .panels = panels.count, .step = step});
}

inline void convolve_depthwise_vnni(const ConvolutionPlan& plan, const ConvolutionCall& call,
                                    const ConvolutionPart& part, const SectionPart& which,
                                    uint8_t* interleaved, int32_t* sums) {
  const int64_t first = which.section * plan.section_in + which.panel * kPanelChannels;
  const int64_t end = std::min(plan.shape.in_channels, first + which.panels * kPanelChannels);
  // As the input has it, and as what is interleaved has it.
  uint8_t padding[kDepthwisePanels * kPanelChannels];
  std::memset(padding, static_cast<uint8_t>(call.x_zero_point), sizeof(padding));
  for (int64_t p = 0; p < kDepthwisePanels; ++p) {
    pad_interleaved(plan, static_cast<uint8_t>(call.x_zero_point - plan.lowest_x()),
                    interleaved + p * plan.interleaved_size());
  }
  const int64_t rows = part.images * part.rows, together = plan.depthwise_rows();
  for (int64_t begin = 0; begin < rows; begin += together) {
    const int64_t stop = std::min(rows, begin + together);
    for (DepthwisePanels panels{.channel = first}; panels.channel < end;
         panels.channel += panels.count * kPanelChannels) {
      const bool all = panels.channel + kDepthwisePanels * kPanelChannels <= end;
      panels.count = all ? kDepthwisePanels : 1;
      convolve_depthwise_rows(plan, call, part, panels, begin, stop, padding, interleaved, sums);
    }
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
