#include "octet/kernels/integer_winograd.h"

#include <algorithm>
#include <limits>

namespace octet::kernels {
namespace {

constexpr int64_t kTaps = 9;

// Fewer do not pay for the transforms.
constexpr int64_t kLeastChannels = 32;
// Outputs computed for one that is wanted, up to which tiles are quicker than the products of int16
// or of bytes.
constexpr double kMostBesidePairs = 1.6, kMostBesideBytes = 1.2;

int64_t part_tiles(const ConvolutionPlan& plan, int64_t images, int64_t rows) {
  return images * winograd_tiles(rows) * winograd_tiles(plan.shape.out_width);
}

// One value for each output channel of a panel: the loops over them are vectors to the compiler.
struct Lanes {
  int16_t at[kPanelChannels] = {};
};

// One row or column times (2 G)^T.
void transform(const Lanes& a, const Lanes& b, const Lanes& c, Lanes* to, int64_t step) {
  for (int64_t i = 0; i < kPanelChannels; ++i) {
    const int16_t outer = static_cast<int16_t>(a.at[i] + c.at[i]);
    to[0].at[i] = static_cast<int16_t>(2 * a.at[i]);
    to[step].at[i] = static_cast<int16_t>(outer + b.at[i]);
    to[2 * step].at[i] = static_cast<int16_t>(outer - b.at[i]);
    to[3 * step].at[i] = static_cast<int16_t>(2 * c.at[i]);
  }
}

}  // namespace

bool winograd_pays(const ConvolutionShape& s, Multiplicand of_windows) {
  if (of_windows == Multiplicand::kVnni) return false;
  const bool plain = s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 && s.stride_w == 1 &&
                     s.dilation_h == 1 && s.dilation_w == 1;
  const int64_t channels = s.in_channels / s.groups;
  // 4 y is an int32.
  constexpr int64_t kMostChannels = std::numeric_limits<int32_t>::max() / (4 * kTaps * 255 * 128);
  if (!plain || channels % 16 != 0 || channels > kMostChannels) return false;
  if (channels < kLeastChannels || s.out_channels / s.groups < kPanelChannels) return false;
  // A tile at the edge computes outputs that nobody wants.
  const int64_t outputs = s.out_height * s.out_width;
  const int64_t computed =
      kWinogradTile * kWinogradTile * winograd_tiles(s.out_height) * winograd_tiles(s.out_width);
  const double most = of_windows == Multiplicand::kBytes ? kMostBesideBytes : kMostBesidePairs;
  return static_cast<double>(computed) <= most * static_cast<double>(outputs);
}

WinogradMatrices winograd_transforms(const ConvolutionPlan& plan, int64_t images, int64_t rows) {
  return winograd_matrices<int16_t>(part_tiles(plan, images, rows), plan.section_in);
}

WinogradMatrices winograd_products(const ConvolutionPlan& plan, int64_t images, int64_t rows) {
  return winograd_matrices<int32_t>(part_tiles(plan, images, rows), kPanelChannels);
}

template <class Weight>
void pack_winograd_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                         int16_t* packed) {
  const int64_t in_section = panel % plan.section_panels * kPanelChannels;
  const int64_t lanes = std::min(kPanelChannels, plan.section_out - in_section);
  const int64_t kernel = plan.section_in * kTaps;
  weights += (panel / plan.section_panels * plan.section_out + in_section) * kernel;
  for (int64_t c = 0; c < plan.section_in; ++c) {
    Lanes w[3][3], rows[4][3], both[4][4];
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const Weight* from = weights + lane * kernel + c * kTaps;
      for (int64_t tap = 0; tap < kTaps; ++tap) {
        w[tap / 3][tap % 3].at[lane] = static_cast<int16_t>(1 * from[tap]);
      }
    }
    for (int x = 0; x < 3; ++x) transform(w[0][x], w[1][x], w[2][x], &rows[0][x], 3);
    for (int y = 0; y < 4; ++y) transform(rows[y][0], rows[y][1], rows[y][2], both[y], 1);
    int16_t* to = packed + c / 2 * 2 * kPanelChannels + c % 2;
    for (int64_t product = 0; product < kWinogradProducts; ++product) {
      const Lanes& from = both[product / 4][product % 4];
      for (int64_t lane = 0; lane < kPanelChannels; ++lane) to[2 * lane] = from.at[lane];
      to += plan.section_in * kPanelChannels;
    }
  }
}

template void pack_winograd_panel(const ConvolutionPlan&, const int8_t*, int64_t, int16_t*);
template void pack_winograd_panel(const ConvolutionPlan&, const float*, int64_t, int16_t*);

}  // namespace octet::kernels
