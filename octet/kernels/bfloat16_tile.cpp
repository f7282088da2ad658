#include "octet/kernels/bfloat16_tile.h"

#include <hwy/base.h>

#include <cstring>

#include "octet/base/error.h"
#include "octet/kernels/equal_tiles.h"

#if HWY_ARCH_X86
#include "octet/kernels/bfloat16_vectors.h"

OCTET_PUSH_BFLOAT16_ATTRIBUTES
#endif

namespace octet::kernels {

#if HWY_ARCH_X86

namespace {

constexpr int kMostRows = 6, kMostPanels = 4;
constexpr int64_t kColumns = 16;

HWY_INLINE __m512bh broadcast_pair(const BFloat16* x) {
  int32_t pair;
  std::memcpy(&pair, x, sizeof(pair));
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
}

// Sums of six rows and four panels fill the registers. Fetches a line for each pair, from `ahead`
// on, if kFetches.
template <int kRows, int kPanels, bool kFetches>
HWY_INLINE void product_tile(int64_t pairs, const BFloat16Rows& x, const BFloat16Panels& panels,
                             bool add, const BFloat16Sums& sums, const char* ahead) {
  __m512 acc[kPanels][kRows];
  HWY_UNROLL(8)
  for (int panel = 0; panel < kPanels; ++panel) {
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      acc[panel][r] =
          add ? _mm512_loadu_ps(sums.y + r * sums.row + panel * sums.panel) : _mm512_setzero_ps();
    }
  }
  const BFloat16* row[kRows];
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) row[r] = x.x + r * x.row;
  const BFloat16* w = panels.w;
  for (int64_t k = 0; k < pairs; ++k, w += 2 * kColumns) {
    __m512bh column[kPanels];
    HWY_UNROLL(8)
    for (int panel = 0; panel < kPanels; ++panel) {
      column[panel] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + panel * panels.panel));
    }
    if constexpr (kFetches) _mm_prefetch(ahead + k * MemoryAhead::kLine, _MM_HINT_T1);
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      const __m512bh pair = broadcast_pair(row[r] + k * x.pair);
      HWY_UNROLL(8)
      for (int panel = 0; panel < kPanels; ++panel) {
        acc[panel][r] = _mm512_dpbf16_ps(acc[panel][r], pair, column[panel]);
      }
    }
  }
  HWY_UNROLL(8)
  for (int panel = 0; panel < kPanels; ++panel) {
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      _mm512_storeu_ps(sums.y + r * sums.row + panel * sums.panel, acc[panel][r]);
    }
  }
}

template <int kPanels>
void product_rows(int64_t rows, int64_t pairs, BFloat16Rows x, const BFloat16Panels& panels,
                  bool add, BFloat16Sums sums, MemoryAhead* ahead) {
  for_equal_tiles<kMostRows>(rows, [&](auto count) {
    constexpr int kRows = decltype(count)::value;
    const MemoryAhead::Lines lines = ahead == nullptr ? MemoryAhead::Lines() : ahead->take(pairs);
    if (lines.count > 0) {
      product_tile<kRows, kPanels, true>(pairs, x, panels, add, sums, lines.first);
    } else {
      product_tile<kRows, kPanels, false>(pairs, x, panels, add, sums, nullptr);
    }
    x.x += count * x.row;
    sums.y += count * sums.row;
  });
}

}  // namespace

void bfloat16_products(int64_t rows, int64_t pairs, const BFloat16Rows& x,
                       const BFloat16Panels& panels, bool add, const BFloat16Sums& sums,
                       MemoryAhead* ahead) {
  for (int64_t first = 0; first < panels.count; first += kMostPanels) {
    BFloat16Panels some = panels;
    some.w += first * panels.panel;
    BFloat16Sums to = sums;
    to.y += first * sums.panel;
    with_size<kMostPanels>(panels.count - first, [&](auto count) {
      product_rows<decltype(count)::value>(rows, pairs, x, some, add, to, ahead);
    });
  }
}

#else

void bfloat16_products(int64_t, int64_t, const BFloat16Rows&, const BFloat16Panels&, bool,
                       const BFloat16Sums&, MemoryAhead*) {
  OCTET_INTERNAL_CHECK(false);  // has_bfloat16() is false
}

#endif

}  // namespace octet::kernels

#if HWY_ARCH_X86
HWY_POP_ATTRIBUTES
#endif
