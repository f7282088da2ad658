#include "octet/kernels/convolution_part.h"

#include <cstring>

#include "octet/kernels/simd_targets.h"
#include "octet/kernels/vnni_depthwise.h"
#include "octet/kernels/vnni_tile.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/convolution_part.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, which reads them once for each instruction set.
#include "octet/kernels/byte_tile-inl.h"
#include "octet/kernels/convolution_tile-inl.h"
#include "octet/kernels/depthwise_tile-inl.h"
#include "octet/kernels/finish_sixteens-inl.h"
#include "octet/kernels/finish_sums-inl.h"
#include "octet/kernels/integer_winograd-inl.h"
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

// Calls line(pixels, first staged pixel of its first window, index of its first pixel in the part).
// Windows of one pixel make one line of all rows.
template <class Line>
HWY_INLINE void for_each_line(const ConvolutionPlan& plan, const ConvolutionPart& part,
                              const Line& line) {
  const ConvolutionShape& s = plan.shape;
  if (s.kernel_h == 1 && s.kernel_w == 1) {
    return line(part.images * part.rows * s.out_width, 0, 0);
  }
  const int64_t image_rows = plan.staged_rows(part.rows);
  for (int64_t i = 0; i < part.images * part.rows; ++i) {
    const int64_t row = i / part.rows * image_rows + i % part.rows * plan.row_step;
    line(s.out_width, row * plan.staged_columns, i * s.out_width);
  }
}

// The sums of the channels [first, end) and of some of a part's pixels, [begin, stop).
void finish_pixels(const ConvolutionPlan& plan, const ConvolutionCall& call,
                   const ConvolutionPart& part, int64_t first, int64_t end, int64_t begin,
                   int64_t stop, const int32_t* sums) {
  const int64_t pixels = part.rows * plan.shape.out_width;
  for (int64_t i = begin; i < stop;) {
    const int64_t image = i / pixels, pixel = i % pixels;
    // Both halves of a panel write to the same cache lines.
    const int64_t count = std::min({kPiecePixels, pixels - pixel, stop - i});
    const auto part_of = [&](int64_t channel, int64_t most) {
      return SumsOfPixels{.sums = sums + (i - begin) * kPanelChannels + (channel - first),
                          .image = part.image + image,
                          .pixel = part.row * plan.shape.out_width + pixel,
                          .pixels = count,
                          .channel = channel,
                          .channels = std::min(most, end - channel)};
    };
    if (!finish_sixteens(plan.out, call.output, part_of(first, kPanelChannels))) {
      for (int64_t channel = first; channel < end; channel += 8) {
        finish(plan.out, call.output, part_of(channel, 8));
      }
    }
    i += count;
  }
}

void finish_panel(const ConvolutionPlan& plan, const ConvolutionCall& call,
                  const ConvolutionPart& part, int64_t first, int64_t end, const int32_t* sums) {
  finish_pixels(plan, call, part, first, end, 0, part.images * part.rows * plan.shape.out_width,
                sums);
}

// Calls line(panel, block, pixels, their first window, sums) for what the sums of a part consist
// of.
template <class Staged, class Line>
void convolve_dense(const ConvolutionPlan& plan, const ConvolutionCall& call,
                    const ConvolutionPart& part, const SectionPart& which, Staged* staged,
                    int32_t* sums, const Line& line) {
  const int64_t pixels = part.images * plan.staged_rows(part.rows) * plan.staged_columns;
  for (const ChannelBlock& block : plan.blocks) {
    if (which.is_staged) break;
    stage(plan, call, part, which.section * plan.section_in + block.begin, block.count, block.count,
          staged + block.begin * pixels);
  }
  const int64_t end = (which.section + 1) * plan.section_out;
  for (int64_t panel = which.panel; panel < which.panel + which.panels; ++panel) {
    for (size_t b = 0; b < plan.blocks.size(); ++b) {
      const ChannelBlock& block = plan.blocks[b];
      for_each_line(plan, part, [&](int64_t count, int64_t window, int64_t pixel) {
        line(which.section * plan.section_panels + panel, b, count,
             staged + block.begin * pixels + window * block.count, sums + pixel * kPanelChannels);
      });
    }
    const int64_t channel = which.section * plan.section_out + panel * kPanelChannels;
    finish_panel(plan, call, part, channel, std::min(end, channel + kPanelChannels), sums);
  }
}

void convolve_pairs(const ConvolutionPlan& plan, const ConvolutionCall& call,
                    const ConvolutionPart& part, const SectionPart& which, int16_t* staged,
                    int32_t* sums) {
  const auto line = [&](int64_t panel, size_t b, int64_t pixels, const int16_t* x, int32_t* to) {
    const ChannelBlock& block = plan.blocks[b];
    const TileInput in{.x = x,
                       .step = plan.column_step * block.count,
                       .pitch = block.count,
                       .offsets = plan.runs.data(),
                       .runs = static_cast<int64_t>(plan.runs.size()),
                       .pairs = block.run_pairs};
    dense_line(pixels, in, call.weights + panel * plan.panel_size + block.weights, b > 0, to);
  };
  convolve_dense(plan, call, part, which, staged, sums, line);
}

void convolve_bytes(const ConvolutionPlan& plan, const ConvolutionCall& call,
                    const ConvolutionPart& part, const SectionPart& which, uint8_t* staged,
                    int32_t* sums) {
  const auto line = [&](int64_t panel, size_t b, int64_t pixels, const uint8_t* x, int32_t* to) {
    const ByteTileInput in{.x = x,
                           .step = plan.column_step * plan.blocks[b].count,
                           .block = call.bytes->block(panel, static_cast<int64_t>(b))};
    switch (call.bytes->quads()) {
      case 4:
        return byte_line<4>(pixels, in, b > 0, to);
      case 2:
        return byte_line<2>(pixels, in, b > 0, to);
      default:
        return byte_line<1>(pixels, in, b > 0, to);
    }
  };
  convolve_dense(plan, call, part, which, staged, sums, line);
}

// Where a part's input lies, for windows that begin as plan.windows says.
VnniInput vnni_input(const ConvolutionPlan& plan, const ConvolutionCall& call,
                     const ConvolutionPart& part, const SectionPart& which, const uint8_t* staged) {
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

void convolve_vnni(const ConvolutionPlan& plan, const ConvolutionCall& call,
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
      for (int64_t p = 0; p < weights.panels; ++p) {
        const int64_t first = channel + p * kPanelChannels;
        finish_pixels(plan, call, part, first, std::min(end, first + kPanelChannels), pixel,
                      pixel + count, sums + p * kPiecePixels * kPanelChannels);
      }
    }
  }
}

// Behind what is staged lie its transforms, behind the sums the products.
void convolve_winograd(const ConvolutionPlan& plan, const ConvolutionCall& call,
                       const ConvolutionPart& part, const SectionPart& which, int16_t* staged,
                       int32_t* sums) {
  const int64_t pixels = part.images * plan.staged_rows(part.rows) * plan.staged_columns;
  int16_t* transforms = staged + pixels * plan.section_in;
  int32_t* products = sums + part.images * part.rows * plan.shape.out_width * kPanelChannels;
  if (!which.is_staged) {
    stage(plan, call, part, which.section * plan.section_in, plan.section_in, plan.section_in,
          staged);
    transform_input(plan, part, staged, winograd_transforms(plan, part.images, part.rows),
                    transforms);
  }
  const int64_t end = (which.section + 1) * plan.section_out;
  for (int64_t panel = which.panel; panel < which.panel + which.panels; ++panel) {
    const int64_t packed = which.section * plan.section_panels + panel;
    winograd_sums(plan, part, transforms, call.weights + packed * plan.panel_size, products, sums);
    const int64_t channel = which.section * plan.section_out + panel * kPanelChannels;
    finish_panel(plan, call, part, channel, std::min(end, channel + kPanelChannels), sums);
  }
}

void convolve_depthwise(const ConvolutionPlan& plan, const ConvolutionCall& call,
                        const ConvolutionPart& part, const SectionPart& which, int16_t* staged,
                        int32_t* sums) {
  const int64_t first = which.section * plan.section_in + which.panel * kPanelChannels;
  const int64_t end = std::min(plan.shape.in_channels, first + which.panels * kPanelChannels);
  const int64_t pitch = plan.section_in;
  stage(plan, call, part, first, end - first, pitch, staged);
  for (int64_t channel = first; channel < end; channel += kPanelChannels) {
    for_each_line(plan, part, [&](int64_t count, int64_t window, int64_t pixel) {
      depthwise_line(count, staged + window * pitch + (channel - first), plan.column_step * pitch,
                     plan.taps.data(), static_cast<int64_t>(plan.taps.size()),
                     call.weights + channel / kPanelChannels * plan.panel_size,
                     sums + pixel * kPanelChannels);
    });
    finish_panel(plan, call, part, channel, std::min(end, channel + kPanelChannels), sums);
  }
}

// The columns of a panel's interleaved rows that lie beside the image.
void pad_interleaved(const ConvolutionPlan& plan, uint8_t padding, uint8_t* interleaved) {
  constexpr int64_t kColumn = kVnniRows * kPanelChannels;
  const auto [begin, end] = columns_inside(plan);
  for (int64_t group = 0; group < plan.row_groups(); ++group) {
    std::memset(interleaved, padding, begin * kColumn);
    std::memset(interleaved + end * kColumn, padding, (plan.staged_columns - end) * kColumn);
    interleaved += plan.staged_columns * kColumn;
  }
}

// The rows that a row of output reads, for sixteen channels.
void interleave_rows(const ConvolutionPlan& plan, const ConvolutionCall& call, int64_t image,
                     int64_t out_row, int64_t channel, const uint8_t* padding,
                     uint8_t* interleaved) {
  const ConvolutionShape& s = plan.shape;
  const auto [begin, end] = columns_inside(plan);
  const int64_t column = begin * plan.staged_column_step - s.pad_left;
  for (int64_t group = 0; group < plan.row_groups(); ++group) {
    VnniRow rows[kVnniRows];
    for (int64_t r = 0; r < kVnniRows; ++r) {
      // Rows behind the last have weights of zero.
      const int64_t y = std::min(group * kVnniRows + r, s.kernel_h - 1);
      const int64_t row = out_row * s.stride_h + y * s.dilation_h - s.pad_top;
      rows[r] = {.x = padding, .step = 0};
      if (row < 0 || row >= s.in_height) continue;
      rows[r] = {.x = static_cast<const uint8_t*>(call.x) +
                      plan.in.offset(image, channel, row * s.in_width + column),
                 .step = s.in_channels * plan.staged_column_step};
    }
    vnni_interleave(rows, end - begin, plan.is_signed,
                    interleaved + begin * kVnniRows * kPanelChannels);
    interleaved += plan.staged_columns * kVnniRows * kPanelChannels;
  }
}

void convolve_depthwise_vnni(const ConvolutionPlan& plan, const ConvolutionCall& call,
                             const ConvolutionPart& part, const SectionPart& which,
                             uint8_t* interleaved, int32_t* sums) {
  const ConvolutionShape& s = plan.shape;
  const int64_t first = which.section * plan.section_in + which.panel * kPanelChannels;
  const int64_t end = std::min(s.in_channels, first + which.panels * kPanelChannels);
  const VnniWindows windows{.groups = plan.row_groups(),
                            .columns = plan.staged_columns,
                            .kernel_w = s.kernel_w,
                            .dilation = s.dilation_w,
                            .column_step = plan.column_step};
  // As the input has it, and as what is interleaved has it.
  uint8_t padding[kPanelChannels];
  std::memset(padding, static_cast<uint8_t>(call.x_zero_point), sizeof(padding));
  pad_interleaved(plan, static_cast<uint8_t>(call.x_zero_point - plan.lowest_x()), interleaved);
  const int64_t rows = part.images * part.rows, together = plan.depthwise_rows();
  for (int64_t begin = 0; begin < rows; begin += together) {
    const int64_t stop = std::min(rows, begin + together);
    for (int64_t channel = first; channel < end; channel += kPanelChannels) {
      const int64_t panel = channel / kPanelChannels;
      for (int64_t i = begin; i < stop; ++i) {
        interleave_rows(plan, call, part.image + i / part.rows, part.row + i % part.rows, channel,
                        padding, interleaved);
        vnni_depthwise_sums(interleaved, windows, s.out_width,
                            reinterpret_cast<const int8_t*>(call.weights + panel * plan.panel_size),
                            call.first_sums + panel * kPanelChannels,
                            sums + (i - begin) * s.out_width * kPanelChannels);
      }
      finish_pixels(plan, call, part, channel, channel + kPanelChannels, begin * s.out_width,
                    stop * s.out_width, sums);
    }
  }
}

void convolve_part_on_target(const ConvolutionPlan& plan, const ConvolutionCall& call,
                             const ConvolutionPart& part, bool is_staged, int16_t* staged,
                             int32_t* sums) {
  const int64_t end = part.panel + part.panels;
  for (int64_t panel = part.panel; panel < end;) {
    const int64_t section = panel / plan.section_panels, first = panel % plan.section_panels;
    const int64_t panels = std::min(plan.section_panels - first, end - panel);
    const SectionPart which{
        .section = section, .panel = first, .panels = panels, .is_staged = is_staged};
    if (plan.depthwise && plan.multiplicand == Multiplicand::kVnni) {
      convolve_depthwise_vnni(plan, call, part, which, reinterpret_cast<uint8_t*>(staged), sums);
    } else if (plan.depthwise) {
      convolve_depthwise(plan, call, part, which, staged, sums);
    } else if (plan.winograd) {
      convolve_winograd(plan, call, part, which, staged, sums);
    } else if (plan.multiplicand == Multiplicand::kVnni) {
      convolve_vnni(plan, call, part, which, reinterpret_cast<uint8_t*>(staged), sums);
    } else if (call.bytes != nullptr) {
      convolve_bytes(plan, call, part, which, reinterpret_cast<uint8_t*>(staged), sums);
    } else {
      convolve_pairs(plan, call, part, which, staged, sums);
    }
    panel += panels;
  }
}

bool has_byte_products_on_target() {
  return kHasByteProducts;
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace octet::kernels {

HWY_EXPORT(convolve_part_on_target);
HWY_EXPORT(has_byte_products_on_target);

bool has_byte_products() {
  return HWY_DYNAMIC_DISPATCH(has_byte_products_on_target)();
}

void convolve_part(const ConvolutionPlan& plan, const ConvolutionCall& call,
                   const ConvolutionPart& part, bool is_staged, int16_t* staged, int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(convolve_part_on_target)(plan, call, part, is_staged, staged, sums);
}

}  // namespace octet::kernels
#endif  // HWY_ONCE
