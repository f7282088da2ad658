// The innermost loops of IntegerConvolution: products of int16, of which two neighbours at a time
// are added up in int32, which loses nothing (2 * 255 * 128 < 2^31). Included once for each
// instruction set.
#if defined(OCTET_KERNELS_CONVOLUTION_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_CONVOLUTION_TILE_INL_H
#undef OCTET_KERNELS_CONVOLUTION_TILE_INL_H
#else
#define OCTET_KERNELS_CONVOLUTION_TILE_INL_H
#endif

#include <hwy/highway.h>

#include <cstring>
#include <type_traits>

#include "octet/kernels/convolution_plan.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// What a tile reads: `runs` runs, each of `pairs` pairs, beginning `offsets[run] * pitch` behind
// the first element of a pixel's window; windows of neighbours are `step` apart.
struct TileInput {
  const int16_t* x;
  int64_t step;
  int64_t pitch;
  const int64_t* offsets;
  int64_t runs;
  int64_t pairs;
};

inline constexpr int kMostTilePixels = 6;

#if HWY_TARGET == HWY_SCALAR

template <int kPixels>
HWY_INLINE void dense_tile(const TileInput& in, const int16_t* weights, bool add, int32_t* sums) {
  if (!add) std::memset(sums, 0, kPixels * kPanelChannels * sizeof(int32_t));
  for (int64_t run = 0; run < in.runs; ++run) {
    const int16_t* x = in.x + in.offsets[run] * in.pitch;
    for (int64_t k = 0; k < in.pairs; ++k, x += 2, weights += 2 * kPanelChannels) {
      for (int i = 0; i < kPixels * kPanelChannels; ++i) {
        const int16_t* pixel = x + i / kPanelChannels * in.step;
        const int16_t* w = weights + i % kPanelChannels * 2;
        sums[i] += pixel[0] * w[0] + pixel[1] * w[1];
      }
    }
  }
}

#else

using TileTag = hn::CappedTag<int32_t, kPanelChannels>;
using TilePairTag = hn::Repartition<int16_t, TileTag>;
using TileVector = hn::Vec<TileTag>;
inline constexpr int kTileLanes = hn::MaxLanes(TileTag());
// Sums of six pixels and two vectors of channels are as many as stay in sixteen registers.
inline constexpr int kTileVectors = kPanelChannels / kTileLanes < 2 ? 1 : 2;

HWY_INLINE hn::Vec<TilePairTag> broadcast_pair(const int16_t* x) {
  int32_t pair;
  std::memcpy(&pair, x, sizeof(pair));
  return hn::BitCast(TilePairTag(), hn::Set(TileTag(), pair));
}

// kTileVectors vectors of channels for kPixels pixels.
template <int kPixels>
HWY_INLINE void dense_columns(const TileInput& in, const int16_t* HWY_RESTRICT weights, bool add,
                              int32_t* HWY_RESTRICT sums) {
  TileVector even[kPixels][kTileVectors];
  TileVector odd[kPixels][kTileVectors];
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < kTileVectors; ++v) {
      const int32_t* before = sums + p * kPanelChannels + v * kTileLanes;
      even[p][v] = add ? hn::LoadU(TileTag(), before) : hn::Zero(TileTag());
      odd[p][v] = hn::Zero(TileTag());
    }
  }
  for (int64_t run = 0; run < in.runs; ++run) {
    const int16_t* HWY_RESTRICT x = in.x + in.offsets[run] * in.pitch;
    for (int64_t k = 0; k < in.pairs; ++k) {
      hn::Vec<TilePairTag> w[kTileVectors];
      for (int v = 0; v < kTileVectors; ++v) {
        w[v] = hn::LoadU(TilePairTag(), weights + v * kTileLanes * 2);
      }
      for (int p = 0; p < kPixels; ++p) {
        const auto pair = broadcast_pair(x + p * in.step + 2 * k);
        for (int v = 0; v < kTileVectors; ++v) {
          even[p][v] = hn::ReorderWidenMulAccumulate(TileTag(), pair, w[v], even[p][v], odd[p][v]);
        }
      }
      weights += 2 * kPanelChannels;
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < kTileVectors; ++v) {
      hn::StoreU(hn::RearrangeToOddPlusEven(even[p][v], odd[p][v]), TileTag(),
                 sums + p * kPanelChannels + v * kTileLanes);
    }
  }
}

template <int kPixels>
HWY_INLINE void dense_tile(const TileInput& in, const int16_t* weights, bool add, int32_t* sums) {
  constexpr int kColumns = kTileVectors * kTileLanes;
  for (int first = 0; first < kPanelChannels; first += kColumns) {
    dense_columns<kPixels>(in, weights + 2 * first, add, sums + first);
  }
}

#endif

// Calls tile(number of pixels as a constant, in, sums) for a line of pixels, in tiles of about the
// same size, at most kMost: one with few pixels reads the weights for little.
template <int kMost, class In, class Sum, class Tile>
HWY_INLINE void for_each_tile(int64_t pixels, In in, Sum* sums, const Tile& tile) {
  static_assert(kMost <= kMostTilePixels);
  for (int64_t tiles = (pixels + kMost - 1) / kMost; tiles > 0; --tiles) {
    const int64_t count = (pixels + tiles - 1) / tiles;
    switch (count) {
      case 1:
        tile(std::integral_constant<int, 1>(), in, sums);
        break;
      case 2:
        tile(std::integral_constant<int, 2>(), in, sums);
        break;
      case 3:
        tile(std::integral_constant<int, 3>(), in, sums);
        break;
      case 4:
        tile(std::integral_constant<int, 4>(), in, sums);
        break;
      case 5:
        tile(std::integral_constant<int, 5>(), in, sums);
        break;
      default:
        tile(std::integral_constant<int, kMostTilePixels>(), in, sums);
    }
    in.x += count * in.step;
    sums += count * kPanelChannels;
    pixels -= count;
  }
}

// Sums (pixel, 16) of a line of pixels for one panel; `add`: to what is there.
HWY_INLINE void dense_line(int64_t pixels, const TileInput& in, const int16_t* weights, bool add,
                           int32_t* sums) {
  for_each_tile<kMostTilePixels>(pixels, in, sums,
                                 [&](auto count, const TileInput& tile, int32_t* to) {
                                   dense_tile<decltype(count)::value>(tile, weights, add, to);
                                 });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
