#include "octet/kernels/pointwise_gradients_part.h"

#include <hwy/base.h>

#include <algorithm>

#include "octet/base/error.h"

#if HWY_ARCH_X86
#include "octet/kernels/bfloat16_vectors.h"

OCTET_PUSH_BFLOAT16_ATTRIBUTES
#endif

namespace octet::kernels {

#if HWY_ARCH_X86

namespace {

constexpr int64_t kPanel = 16;

template <class In>
void mask_all(const MaskedGradient& from, const In* dy, int64_t pixels, BFloat16* rows,
              const PixelPairs& to, float* sums) {
  const int64_t channels = from.channels;
  std::fill_n(sums, channels, 0.0F);
  for (int64_t pixel = 0; pixel < pixels; pixel += 2) {
    const bool alone = pixel + 1 == pixels;
    for (int64_t c = 0; c < channels; c += kPanel) {
      const __m512 factor = load(from.multiplier + c);
      const auto gradient = [&](int64_t i) {
        const int64_t at = i * channels + c;
        const __m512 scaled = _mm512_mul_ps(load(dy + at), factor);
        return from.passes == nullptr ? scaled : where_set(from.passes + at / 8, scaled);
      };
      const __m512 first = gradient(pixel);
      const __m512 second = alone ? _mm512_setzero_ps() : gradient(pixel + 1);
      store(_mm512_add_ps(load(sums + c), _mm512_add_ps(first, second)), sums + c);
      const __m512i both = rounded(first, second);
      BFloat16* row = rows + pixel * channels + c;
      store_half(_mm512_castsi512_si256(both), row);
      if (!alone) store_half(_mm512_extracti64x4_epi64(both, 1), row + channels);
      _mm512_storeu_si512(to.pairs + c / kPanel * to.panel + pixel * kPanel, interleaved(both));
    }
  }
}

HWY_INLINE __m512i widened(const int8_t* x) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}
HWY_INLINE __m512i widened(const uint8_t* x) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}

template <class Byte>
void pair_all(const IntegerPixels& from, const Byte* x, int64_t pixels, const PixelPairs& to) {
  const __m512i zero = _mm512_set1_epi32(from.zero_point);
  // Whole numbers below 256 fit into the upper half of a float32.
  const auto value = [&](const Byte* bytes) {
    return _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_sub_epi32(widened(bytes), zero)));
  };
  const __m512i upper = _mm512_set1_epi32(static_cast<int32_t>(0xFFFF0000));
  for (int64_t pixel = 0; pixel < pixels; pixel += 2) {
    const Byte* const first = x + from.offsets[pixel];
    const Byte* const second = pixel + 1 < pixels ? x + from.offsets[pixel + 1] : nullptr;
    for (int64_t c = 0; c < from.channels; c += kPanel) {
      __m512i pair = _mm512_srli_epi32(value(first + c), 16);
      if (second != nullptr) {
        pair = _mm512_or_si512(pair, _mm512_and_si512(value(second + c), upper));
      }
      _mm512_storeu_si512(to.pairs + c / kPanel * to.panel + pixel * kPanel, pair);
    }
  }
}

}  // namespace

void mask_pixels(const MaskedGradient& from, int64_t pixels, BFloat16* rows,
                 const PixelPairs& pairs, float* sums) {
  with_elements(from.dy, [&](const auto* dy) { mask_all(from, dy, pixels, rows, pairs, sums); });
}

void pair_integers(const IntegerPixels& from, int64_t pixels, const PixelPairs& pairs) {
  if (from.is_signed) {
    pair_all(from, static_cast<const int8_t*>(from.x), pixels, pairs);
  } else {
    pair_all(from, static_cast<const uint8_t*>(from.x), pixels, pairs);
  }
}

void pack_input_panel(const float* weights, int64_t out_channels, int64_t in_channels,
                      int64_t panel, BFloat16* to) {
  weights += panel * kPanel;
  for (int64_t c = 0; c < out_channels; c += 2, to += 2 * kPanel) {
    const __m512 first = load(weights + c * in_channels);
    const __m512 second = load(weights + (c + 1) * in_channels);
    _mm512_storeu_si512(to, interleaved(rounded(first, second)));
  }
}

void store_pixels(const float* sums, int64_t sums_row, int64_t pixels, int64_t channels,
                  const int64_t* offsets, const Gradient& dx) {
  with_elements(dx, [&](auto* to) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t c = 0; c < channels; c += kPanel) {
        store(load(sums + pixel * sums_row + c), to + offsets[pixel] + c);
      }
    }
  });
}

#else

// has_bfloat16() is false.
void mask_pixels(const MaskedGradient&, int64_t, BFloat16*, const PixelPairs&, float*) {
  OCTET_INTERNAL_CHECK(false);
}
void pair_integers(const IntegerPixels&, int64_t, const PixelPairs&) {
  OCTET_INTERNAL_CHECK(false);
}
void pack_input_panel(const float*, int64_t, int64_t, int64_t, BFloat16*) {
  OCTET_INTERNAL_CHECK(false);
}
void store_pixels(const float*, int64_t, int64_t, int64_t, const int64_t*, const Gradient&) {
  OCTET_INTERNAL_CHECK(false);
}

#endif

}  // namespace octet::kernels

#if HWY_ARCH_X86
HWY_POP_ATTRIBUTES
#endif
