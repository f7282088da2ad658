#include "octet/kernels/convolution_part.h"

#include "octet/kernels/simd_targets.h"

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/convolution_part.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, which reads them once for each instruction set.
#include "octet/kernels/byte_tile-inl.h"
#include "octet/kernels/convolution_tile-inl.h"
#include "octet/kernels/depthwise_tile-inl.h"
#include "octet/kernels/integer_winograd-inl.h"
#include "octet/kernels/section_part-inl.h"
#include "octet/kernels/vnni_part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

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
  if (call.output.streams) hwy::FlushStream();
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
