#include "octet/kernels/vnni_depthwise.h"

#include <hwy/base.h>

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

constexpr int64_t kMostPixels = 8;
constexpr int64_t kColumnBytes = kVnniRows * kPanelChannels;

HWY_INLINE __m128i sixteen(const VnniRow& row, int64_t column) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row.x + column * row.step));
}

// kRows: of output. Those of the second one are `row_step` behind the first.
template <int kPixels, int kRows>
HWY_INLINE void depthwise_tile(const uint8_t* x, const VnniWindows& w,
                               const int8_t* HWY_RESTRICT weights, __m512i first,
                               int32_t* HWY_RESTRICT sums, int64_t row_step) {
  __m512i acc[kRows][kPixels];
  HWY_UNROLL(2)
  for (int row = 0; row < kRows; ++row) {
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) acc[row][p] = first;
  }
  const int64_t pixel = w.column_step * kColumnBytes;
  for (int64_t group = 0; group < w.groups; ++group, x += w.columns * kColumnBytes) {
    const uint8_t* HWY_RESTRICT tap = x;
    for (int64_t k = 0; k < w.kernel_w; ++k) {
      __m512i weight[kRows];
      weight[0] = _mm512_loadu_si512(weights);
      // The first row of input has nothing for the second row of output.
      if constexpr (kRows == 2) weight[1] = _mm512_maskz_slli_epi32(0xFFFF, weight[0], 8);
      HWY_UNROLL(8)
      for (int p = 0; p < kPixels; ++p) {
        const __m512i column = _mm512_loadu_si512(tap + p * pixel);
        HWY_UNROLL(2)
        for (int row = 0; row < kRows; ++row) {
          acc[row][p] = _mm512_dpbusd_epi32(acc[row][p], column, weight[row]);
        }
      }
      weights += kColumnBytes;
      tap += w.dilation * kColumnBytes;
    }
  }
  HWY_UNROLL(2)
  for (int row = 0; row < kRows; ++row) {
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) {
      _mm512_storeu_si512(sums + row * row_step + p * kPanelChannels, acc[row][p]);
    }
  }
}

template <int kRows>
void depthwise_line(const uint8_t* interleaved, const VnniWindows& windows, int64_t pixels,
                    const int8_t* weights, const int32_t* first, int32_t* sums) {
  const __m512i begin = _mm512_loadu_si512(first);
  const int64_t pixel = windows.column_step * kColumnBytes, row_step = pixels * kPanelChannels;
  for_equal_tiles<kMostPixels>(pixels, [&](auto count) {
    depthwise_tile<decltype(count)::value, kRows>(interleaved, windows, weights, begin, sums,
                                                  row_step);
    interleaved += count * pixel;
    sums += count * kPanelChannels;
  });
}

}  // namespace

void vnni_interleave(const VnniRow (&rows)[kVnniRows], int64_t columns, bool flip, uint8_t* to) {
  // Four channels of each row come together, then their bytes.
  const __m512i by_channels =
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i by_bytes = _mm512_maskz_broadcast_i32x4(
      0xFFFF, _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m512i top = _mm512_set1_epi8(static_cast<char>(flip ? 0x80 : 0));
  for (int64_t c = 0; c < columns; ++c, to += kColumnBytes) {
    __m512i all = _mm512_castsi128_si512(sixteen(rows[0], c));
    all = _mm512_inserti32x4(all, sixteen(rows[1], c), 1);
    all = _mm512_inserti32x4(all, sixteen(rows[2], c), 2);
    all = _mm512_inserti32x4(all, sixteen(rows[3], c), 3);
    // The masked form, with no lane left out: GCC 12 warns of the other one's undefined source.
    all = _mm512_maskz_permutexvar_epi32(0xFFFF, by_channels, all);
    all = _mm512_shuffle_epi8(all, by_bytes);
    _mm512_storeu_si512(to, _mm512_xor_si512(all, top));
  }
}

void vnni_interleave_panels(const VnniRow (&rows)[kVnniRows], int64_t columns, bool flip,
                            uint8_t* to, int64_t step) {
  const __m512i top = _mm512_set1_epi8(static_cast<char>(flip ? 0x80 : 0));
  const VnniRow row[kVnniRows] = {rows[0], rows[1], rows[2], rows[3]};
  const auto line = [&](int r, int64_t column) {
    return _mm512_xor_si512(_mm512_loadu_si512(row[r].x + column * row[r].step), top);
  };
  for (int64_t c = 0; c < columns; ++c, to += kColumnBytes) {
    // Bytes of two rows in turn, then of all: in each quarter of a vector four channels of another
    // panel.
    const __m512i first = line(0, c), second = line(1, c), third = line(2, c), last = line(3, c);
    const __m512i low = _mm512_unpacklo_epi8(first, second);
    const __m512i high = _mm512_unpackhi_epi8(first, second);
    const __m512i low_below = _mm512_unpacklo_epi8(third, last);
    const __m512i high_below = _mm512_unpackhi_epi8(third, last);
    const __m512i fours[4] = {
        _mm512_unpacklo_epi16(low, low_below), _mm512_unpackhi_epi16(low, low_below),
        _mm512_unpacklo_epi16(high, high_below), _mm512_unpackhi_epi16(high, high_below)};
    // The quarters change places with the vectors. The masked forms, with no lane left out: GCC 12
    // warns of the others' undefined source.
    constexpr __mmask16 kAll = 0xFFFF;
    const __m512i front = _mm512_maskz_shuffle_i32x4(kAll, fours[0], fours[1], 0x44);
    const __m512i back = _mm512_maskz_shuffle_i32x4(kAll, fours[0], fours[1], 0xEE);
    const __m512i front_below = _mm512_maskz_shuffle_i32x4(kAll, fours[2], fours[3], 0x44);
    const __m512i back_below = _mm512_maskz_shuffle_i32x4(kAll, fours[2], fours[3], 0xEE);
    _mm512_storeu_si512(to, _mm512_maskz_shuffle_i32x4(kAll, front, front_below, 0x88));
    _mm512_storeu_si512(to + step, _mm512_maskz_shuffle_i32x4(kAll, front, front_below, 0xDD));
    _mm512_storeu_si512(to + 2 * step, _mm512_maskz_shuffle_i32x4(kAll, back, back_below, 0x88));
    _mm512_storeu_si512(to + 3 * step, _mm512_maskz_shuffle_i32x4(kAll, back, back_below, 0xDD));
  }
}

void vnni_depthwise_sums(const uint8_t* interleaved, const VnniWindows& windows, int64_t pixels,
                         int rows, const int8_t* weights, const int32_t* first, int32_t* sums) {
  (rows == 2 ? depthwise_line<2> : depthwise_line<1>)(interleaved, windows, pixels, weights, first,
                                                      sums);
}

#else

void vnni_interleave(const VnniRow (&)[kVnniRows], int64_t, bool, uint8_t*) {
  OCTET_INTERNAL_CHECK(false);  // has_vnni() is false
}

void vnni_interleave_panels(const VnniRow (&)[kVnniRows], int64_t, bool, uint8_t*, int64_t) {
  OCTET_INTERNAL_CHECK(false);
}

void vnni_depthwise_sums(const uint8_t*, const VnniWindows&, int64_t, int, const int8_t*,
                         const int32_t*, int32_t*) {
  OCTET_INTERNAL_CHECK(false);
}

#endif

}  // namespace octet::kernels

#if HWY_ARCH_X86
HWY_POP_ATTRIBUTES
#endif
