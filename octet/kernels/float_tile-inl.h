// The innermost loops of FloatWinograd: products of small matrices of float32. Included once for
// each instruction set.
#if defined(OCTET_KERNELS_FLOAT_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_FLOAT_TILE_INL_H
#undef OCTET_KERNELS_FLOAT_TILE_INL_H
#else
#define OCTET_KERNELS_FLOAT_TILE_INL_H
#endif

#include <hwy/highway.h>

#include "octet/kernels/convolution_tile-inl.h"
#include "octet/kernels/float_winograd_part.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using PanelTag = hn::CappedTag<float, kFloatPanel>;
using PanelVector = hn::Vec<PanelTag>;
inline constexpr int kPanelLanes = hn::MaxLanes(PanelTag());
// Sums of six rows and two vectors are as many as stay in sixteen registers.
inline constexpr int kPanelVectors = kFloatPanel / kPanelLanes < 2 ? 1 : 2;
inline constexpr int kPanelColumns = kPanelVectors * kPanelLanes;

// Rows of `count` floats, `step` apart.
struct FloatRows {
  const float* x;
  int64_t step;
  int64_t count;
};

// (kRows, count) times (count, 16).
template <int kRows>
HWY_INLINE void float_tile(const FloatRows& rows, const float* HWY_RESTRICT w,
                           float* HWY_RESTRICT sums) {
  for (int first = 0; first < kFloatPanel; first += kPanelColumns) {
    PanelVector acc[kRows][kPanelVectors];
    for (auto& row : acc) {
      for (PanelVector& vector : row) vector = hn::Zero(PanelTag());
    }
    for (int64_t k = 0; k < rows.count; ++k) {
      PanelVector column[kPanelVectors];
      for (int v = 0; v < kPanelVectors; ++v) {
        column[v] = hn::LoadU(PanelTag(), w + k * kFloatPanel + first + v * kPanelLanes);
      }
      for (int r = 0; r < kRows; ++r) {
        const PanelVector x = hn::Set(PanelTag(), rows.x[r * rows.step + k]);
        for (int v = 0; v < kPanelVectors; ++v) acc[r][v] = hn::MulAdd(x, column[v], acc[r][v]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kPanelVectors; ++v) {
        hn::StoreU(acc[r][v], PanelTag(), sums + r * kFloatPanel + first + v * kPanelLanes);
      }
    }
  }
}

// (tiles, count) times (count, 16).
HWY_INLINE void float_line(int64_t tiles, const FloatRows& rows, const float* w, float* sums) {
  for_each_tile<kMostTilePixels>(tiles, rows, sums,
                                 [&](auto count, const FloatRows& some, float* to) {
                                   float_tile<decltype(count)::value>(some, w, to);
                                 });
}

// Sum over tiles of (8) times (16), as (8, 16); added to what is there, or in its place.
HWY_INLINE void outer_products(int64_t tiles, const float* HWY_RESTRICT x,
                               const float* HWY_RESTRICT dy, bool add, float* HWY_RESTRICT sums) {
  // As many sums at a time as stay in sixteen registers with a vector to spare for each.
  constexpr int kRows = kPanelVectors == 1 ? 8 : 4;
  for (int row = 0; row < kFloatBlock; row += kRows) {
    for (int first = 0; first < kFloatPanel; first += kPanelColumns) {
      PanelVector acc[kRows][kPanelVectors];
      float* to = sums + row * kFloatPanel + first;
      for (int i = 0; i < kRows * kPanelVectors; ++i) {
        const int r = i / kPanelVectors, v = i % kPanelVectors;
        acc[r][v] = add ? hn::LoadU(PanelTag(), to + r * kFloatPanel + v * kPanelLanes)
                        : hn::Zero(PanelTag());
      }
      for (int64_t t = 0; t < tiles; ++t) {
        PanelVector column[kPanelVectors];
        for (int v = 0; v < kPanelVectors; ++v) {
          column[v] = hn::LoadU(PanelTag(), dy + t * kFloatPanel + first + v * kPanelLanes);
        }
        for (int r = 0; r < kRows; ++r) {
          const PanelVector value = hn::Set(PanelTag(), x[t * kFloatBlock + row + r]);
          for (int v = 0; v < kPanelVectors; ++v) {
            acc[r][v] = hn::MulAdd(value, column[v], acc[r][v]);
          }
        }
      }
      for (int i = 0; i < kRows * kPanelVectors; ++i) {
        const int r = i / kPanelVectors, v = i % kPanelVectors;
        hn::StoreU(acc[r][v], PanelTag(), to + r * kFloatPanel + v * kPanelLanes);
      }
    }
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
