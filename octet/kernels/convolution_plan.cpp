#include "octet/kernels/convolution_plan.h"

#include <algorithm>

#include "octet/base/error.h"
#include "octet/kernels/integer_winograd.h"
#include "octet/kernels/vnni_depthwise.h"
#include "octet/kernels/vnni_tile.h"
#include "octet/kernels/whole_multiples.h"

namespace octet::kernels {
namespace {

// Sizes in which a part and a panel of weights stay in the caches of any processor of the last ten
// years, with what else goes through them.
constexpr int64_t kBlockProducts = 640;           // of one output: 20 KiB of weights in a panel
constexpr int64_t kStagedElements = 128 << 10;    // 256 KiB
constexpr int64_t kWinogradElements = 224 << 10;  // 448 KiB
constexpr int64_t kWeightsAtHand = 128 << 10;
constexpr int64_t kPartPixels = 224;
constexpr int64_t kDepthwiseChannels = 64;
constexpr int64_t kPartsPerThread = 8;

void check(const ConvolutionShape& s) {
  for (const int64_t positive :
       {s.batch, s.groups, s.in_channels, s.in_height, s.in_width, s.out_channels, s.out_height,
        s.out_width, s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w}) {
    OCTET_INTERNAL_CHECK(positive > 0);
  }
  OCTET_INTERNAL_CHECK(s.pad_top >= 0 && s.pad_left >= 0);
  OCTET_INTERNAL_CHECK(s.in_channels % s.groups == 0 && s.out_channels % s.groups == 0);
}

void plan_staging(ConvolutionPlan& plan) {
  const ConvolutionShape& s = plan.shape;
  plan.staged_row_step = s.kernel_h == 1 ? s.stride_h : 1;
  plan.row_step = s.kernel_h == 1 ? 1 : s.stride_h;
  plan.staged_column_step = s.kernel_w == 1 ? s.stride_w : 1;
  plan.column_step = s.kernel_w == 1 ? 1 : s.stride_w;
  plan.staged_columns = (s.out_width - 1) * plan.column_step + (s.kernel_w - 1) * s.dilation_w + 1;
  if (plan.winograd) plan.staged_columns = winograd_extent(s.out_width);
  const bool whole_rows = s.dilation_w == 1 && !plan.depthwise;
  for (int64_t y = 0; y < s.kernel_h; ++y) {
    for (int64_t x = 0; x < (whole_rows ? 1 : s.kernel_w); ++x) {
      plan.runs.push_back(y * s.dilation_h * plan.staged_columns + x * s.dilation_w);
    }
  }
}

void plan_depthwise(ConvolutionPlan& plan) {
  plan.section_in = plan.section_out =
      std::min(kDepthwiseChannels, rounded_up(plan.shape.in_channels, kPanelChannels));
  plan.sections = divided_up(plan.shape.in_channels, plan.section_in);
  plan.section_panels = plan.section_in / kPanelChannels;
  plan.blocks = {{.begin = 0, .count = plan.section_in}};
  if (plan.multiplicand == Multiplicand::kVnni) {
    // The input is interleaved from where it lies; of a panel, a row of output at a time.
    plan.in_place = true;
    plan.panel_size = plan.row_groups() * plan.shape.kernel_w * kVnniRows * kPanelChannels / 2;
    return;
  }
  for (const int64_t run : plan.runs) plan.taps.push_back(run * plan.section_in);
  if (plan.taps.size() % 2 != 0) plan.taps.push_back(plan.taps.back());
  plan.panel_size = static_cast<int64_t>(plan.taps.size()) * kPanelChannels;
}

void plan_sections(ConvolutionPlan& plan) {
  plan.sections = plan.shape.groups;
  plan.section_in = plan.shape.in_channels / plan.shape.groups;
  plan.section_out = plan.shape.out_channels / plan.shape.groups;
  plan.section_panels = divided_up(plan.section_out, kPanelChannels);
}

void plan_winograd(ConvolutionPlan& plan) {
  plan_sections(plan);
  plan.blocks = {{.begin = 0, .count = plan.section_in, .run_pairs = plan.section_in / 2}};
  plan.panel_size = kWinogradProducts * plan.section_in * kPanelChannels;
}

// All channels at once: processors with VNNI have room for their weights in the second cache, from
// where a tile of six pixels reads them quickly enough.
void plan_vnni(ConvolutionPlan& plan) {
  const ConvolutionShape& s = plan.shape;
  const auto runs = static_cast<int64_t>(plan.runs.size());
  const int64_t run = s.kernel_h * s.kernel_w / runs * plan.section_in;
  plan.blocks = {{.begin = 0, .count = plan.section_in, .run_pairs = 2 * divided_up(run, 4)}};
  plan.panel_size = runs * plan.blocks[0].run_pairs * kPanelChannels;
  // A window of one pixel reads nothing but its channels, if these are whole groups of four.
  plan.in_place = s.kernel_h == 1 && s.kernel_w == 1 && s.pad_top == 0 && s.pad_left == 0 &&
                  plan.in.lanes == s.in_channels && plan.section_in % 4 == 0 &&
                  (s.out_height - 1) * s.stride_h < s.in_height &&
                  (s.out_width - 1) * s.stride_w < s.in_width;
}

// For a part of whole images, or of one: both begin like the largest.
void plan_windows(ConvolutionPlan& plan) {
  const ConvolutionShape& s = plan.shape;
  const int64_t pixel = plan.in_place ? s.in_channels : plan.section_in;
  const int64_t columns = plan.in_place ? s.in_width : plan.staged_columns;
  const int64_t rows = plan.in_place ? s.in_height : plan.staged_rows(plan.part_rows);
  const int64_t row_step = plan.in_place ? s.stride_h : plan.row_step;
  const int64_t column_step = plan.in_place ? s.stride_w : plan.column_step;
  plan.windows.reserve(plan.part_pixels());
  for (int64_t image = 0; image < plan.part_images; ++image) {
    for (int64_t y = 0; y < plan.part_rows; ++y) {
      for (int64_t x = 0; x < s.out_width; ++x) {
        plan.windows.push_back(((image * rows + y * row_step) * columns + x * column_step) * pixel);
      }
    }
  }
}

void plan_groups(ConvolutionPlan& plan) {
  const ConvolutionShape& s = plan.shape;
  plan_sections(plan);
  if (plan.multiplicand == Multiplicand::kVnni) return plan_vnni(plan);
  const int64_t most = std::max<int64_t>(8, kBlockProducts / (s.kernel_h * s.kernel_w) / 8 * 8);
  const int64_t blocks = divided_up(plan.section_in, most);
  const int64_t channels = rounded_up(divided_up(plan.section_in, blocks), 8);
  const auto runs = static_cast<int64_t>(plan.runs.size());
  const int64_t run_pixels = s.kernel_h * s.kernel_w / runs;
  for (int64_t begin = 0; begin < plan.section_in; begin += channels) {
    const int64_t count = std::min(channels, plan.section_in - begin);
    const int64_t pairs = divided_up(run_pixels * count, 2);
    plan.blocks.push_back(
        {.begin = begin, .count = count, .run_pairs = pairs, .weights = plan.panel_size});
    plan.panel_size += runs * pairs * 2 * kPanelChannels;
  }
}

// Sixteen channels are read where they lie, side by side.
bool has_vnni_depthwise(const ConvolutionPlan& plan) {
  return plan.in.lanes == plan.shape.in_channels && plan.shape.in_channels % kPanelChannels == 0;
}

void plan_parts(ConvolutionPlan& plan, int threads) {
  const ConvolutionShape& s = plan.shape;
  const auto fits = [&] {
    return plan.winograd
               ? plan.staged_size() <= kWinogradElements
               : plan.part_pixels() <= kPartPixels && plan.staged_size() <= kStagedElements;
  };
  plan.part_rows = s.out_height;
  plan.part_images = s.batch;
  while (plan.part_images > 1 && !fits()) plan.part_images = divided_up(plan.part_images, 2);
  // Parts begin with a tile.
  const int64_t unit = plan.winograd ? kWinogradTile : 1;
  while (plan.part_rows > unit && !fits()) {
    plan.part_rows = rounded_up(divided_up(plan.part_rows, 2), unit);
  }
  int64_t cuts = std::min(plan.panels(), divided_up(kPartsPerThread * threads, plan.places()));
  // Channels of two parts must not share a byte of gradient bits.
  if (plan.sections > 1 && plan.section_out % 8 != 0) cuts = 1;
  plan.part_panels = divided_up(plan.panels(), cuts);
  if (plan.multiplicand != Multiplicand::kVnni) return;
  const int64_t together = plan.depthwise ? kDepthwisePanels : kVnniPanels;
  plan.part_panels = std::min(rounded_up(plan.part_panels, together), plan.panels());
  if (!plan.depthwise) plan_windows(plan);
}

}  // namespace

int64_t ConvolutionPlan::staged_rows(int64_t rows) const {
  if (winograd) return winograd_extent(rows);
  return (rows - 1) * row_step + (shape.kernel_h - 1) * shape.dilation_h + 1;
}

int64_t ConvolutionPlan::row_groups() const {
  return divided_up(shape.kernel_h, kVnniRows);
}

bool ConvolutionPlan::pairs_rows() const {
  return shape.kernel_h < kVnniRows && shape.stride_h == 1 && shape.dilation_h == 1;
}

int64_t ConvolutionPlan::depthwise_rows() const {
  const int64_t rows = 2 * kPiecePixels / shape.out_width;
  return pairs_rows() ? std::max<int64_t>(2, rows / 2 * 2) : std::max<int64_t>(1, rows);
}

int64_t ConvolutionPlan::interleaved_size() const {
  return row_groups() * staged_columns * kVnniRows * kPanelChannels;
}

int64_t ConvolutionPlan::staged_size() const {
  constexpr int64_t kReadBeyond = 64;
  if (in_place) return depthwise ? kDepthwisePanels * interleaved_size() / 2 : 0;
  const int64_t staged = part_images * staged_rows(part_rows) * staged_columns * section_in;
  return staged + (winograd ? winograd_transforms(*this, part_images, part_rows).size() : 0) +
         kReadBeyond;
}

int64_t ConvolutionPlan::places() const {
  return divided_up(shape.batch, part_images) * divided_up(shape.out_height, part_rows);
}

int64_t ConvolutionPlan::sums_size() const {
  if (depthwise && multiplicand == Multiplicand::kVnni) {
    return kDepthwisePanels * depthwise_rows() * shape.out_width * kPanelChannels;
  }
  if (multiplicand == Multiplicand::kVnni) return kVnniPanels * kPiecePixels * kPanelChannels;
  const int64_t sums = part_pixels() * kPanelChannels;
  return sums + (winograd ? winograd_products(*this, part_images, part_rows).size() : 0);
}

ConvolutionPlan plan_convolution(const ConvolutionShape& shape, bool is_signed, Layout in_layout,
                                 Layout out_layout, int threads, Multiplicand multiplicand) {
  check(shape);
  ConvolutionPlan plan{.shape = shape, .is_signed = is_signed, .multiplicand = multiplicand};
  plan.in = channel_places(shape.in_channels, shape.in_height * shape.in_width, in_layout);
  plan.out = channel_places(shape.out_channels, shape.out_height * shape.out_width, out_layout);
  plan.depthwise =
      shape.groups > 1 && shape.groups == shape.in_channels && shape.groups == shape.out_channels;
  plan.winograd = winograd_pays(shape, multiplicand);
  if (plan.winograd || (plan.depthwise && !has_vnni_depthwise(plan))) {
    plan.multiplicand = Multiplicand::kInt16;
  }
  plan_staging(plan);
  if (plan.depthwise) {
    plan_depthwise(plan);
  } else if (plan.winograd) {
    plan_winograd(plan);
  } else {
    plan_groups(plan);
  }
  plan_parts(plan, threads);
  return plan;
}

int64_t place_of(const ConvolutionPlan& plan, const ConvolutionPart& part) {
  return part.image / plan.part_images * divided_up(plan.shape.out_height, plan.part_rows) +
         part.row / plan.part_rows;
}

std::vector<ConvolutionPart> convolution_parts(const ConvolutionPlan& plan) {
  const ConvolutionShape& s = plan.shape;
  std::vector<ConvolutionPart> parts;
  const auto add = [&](int64_t panel, int64_t image, int64_t row) {
    parts.push_back({.image = image,
                     .images = std::min(plan.part_images, s.batch - image),
                     .row = row,
                     .rows = std::min(plan.part_rows, s.out_height - row),
                     .panel = panel,
                     .panels = std::min(plan.part_panels, plan.panels() - panel)});
  };
  const auto for_each_place = [&](const auto& use) {
    for (int64_t image = 0; image < s.batch; image += plan.part_images) {
      for (int64_t row = 0; row < s.out_height; row += plan.part_rows) use(image, row);
    }
  };
  const auto for_each_cut = [&](const auto& use) {
    for (int64_t panel = 0; panel < plan.panels(); panel += plan.part_panels) use(panel);
  };
  // One after another come those that share what is dearer to bring back: few weights stay in a
  // cache anyhow, and what is staged for a place serves all of its panels.
  if (plan.panels() * plan.panel_size <= kWeightsAtHand) {
    for_each_place([&](int64_t image, int64_t row) {
      for_each_cut([&](int64_t panel) { add(panel, image, row); });
    });
  } else {
    for_each_cut([&](int64_t panel) {
      for_each_place([&](int64_t image, int64_t row) { add(panel, image, row); });
    });
  }
  return parts;
}

}  // namespace octet::kernels
