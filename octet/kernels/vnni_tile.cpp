#include "octet/kernels/vnni_tile.h"

#include <hwy/base.h>

#include <cstring>

#include "octet/base/error.h"
#include "octet/kernels/convolution_plan.h"
#include "octet/kernels/equal_tiles.h"

#if HWY_ARCH_X86
#include <immintrin.h>

// The targets of Highway 1.0 do not name this instruction set.
HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#endif

namespace octet::kernels {

#if HWY_ARCH_X86

namespace {

constexpr int kMostPixels = 6;

HWY_INLINE __m512i broadcast_quad(const uint8_t* x) {
  int32_t quad;
  std::memcpy(&quad, x, sizeof(quad));
  return _mm512_set1_epi32(quad);
}

template <int kPixels, int kPanels, bool kFlip>
HWY_INLINE void vnni_tile(const VnniInput& in, const int64_t* windows, const VnniWeights& weights,
                          int32_t* HWY_RESTRICT sums, int64_t panel_step) {
  const int64_t panel_bytes = in.run_count * in.run_quads * 4 * kPanelChannels;
  __m512i acc[kPanels][kPixels];
  HWY_UNROLL(8)
  for (int panel = 0; panel < kPanels; ++panel) {
    const __m512i first = _mm512_loadu_si512(weights.first + panel * kPanelChannels);
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) acc[panel][p] = first;
  }
  const __m512i top = _mm512_set1_epi8(static_cast<char>(0x80));
  const int8_t* HWY_RESTRICT packed = weights.packed;
  for (int64_t run = 0; run < in.run_count; ++run) {
    const uint8_t* x[kPixels];
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) x[p] = in.x + windows[p] + in.runs[run] * in.pitch;
    for (int64_t q = 0; q < in.run_quads; ++q, packed += 4 * kPanelChannels) {
      __m512i w[kPanels];
      HWY_UNROLL(8)
      for (int panel = 0; panel < kPanels; ++panel) {
        w[panel] = _mm512_loadu_si512(packed + panel * panel_bytes);
      }
      HWY_UNROLL(8)
      for (int p = 0; p < kPixels; ++p) {
        __m512i quad = broadcast_quad(x[p] + 4 * q);
        if constexpr (kFlip) quad = _mm512_xor_si512(quad, top);
        HWY_UNROLL(8)
        for (int panel = 0; panel < kPanels; ++panel) {
          acc[panel][p] = _mm512_dpbusd_epi32(acc[panel][p], quad, w[panel]);
        }
      }
    }
  }
  HWY_UNROLL(8)
  for (int panel = 0; panel < kPanels; ++panel) {
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) {
      _mm512_storeu_si512(sums + panel * panel_step + p * kPanelChannels, acc[panel][p]);
    }
  }
}

template <int kPanels, bool kFlip>
void vnni_line(const VnniInput& in, int64_t pixels, const VnniWeights& weights, int32_t* sums,
               int64_t panel_step) {
  const int64_t* windows = in.windows;
  for_equal_tiles<kMostPixels>(pixels, [&](auto count) {
    vnni_tile<decltype(count)::value, kPanels, kFlip>(in, windows, weights, sums, panel_step);
    windows += count;
    sums += count * kPanelChannels;
  });
}

template <bool kFlip>
void vnni_panels(const VnniInput& in, int64_t pixels, const VnniWeights& weights, int32_t* sums,
                 int64_t panel_step) {
  with_size<kVnniPanels>(weights.panels, [&](auto panels) {
    vnni_line<decltype(panels)::value, kFlip>(in, pixels, weights, sums, panel_step);
  });
}

}  // namespace

void vnni_sums(const VnniInput& in, int64_t pixels, const VnniWeights& weights, int32_t* sums,
               int64_t panel_step) {
  (in.flip ? vnni_panels<true> : vnni_panels<false>)(in, pixels, weights, sums, panel_step);
}

#else

void vnni_sums(const VnniInput&, int64_t, const VnniWeights&, int32_t*, int64_t) {
  OCTET_INTERNAL_CHECK(false);  // has_vnni() is false
}

#endif

}  // namespace octet::kernels

#if HWY_ARCH_X86
HWY_POP_ATTRIBUTES
#endif
