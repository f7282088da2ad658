// The innermost loops of IntegerConvolution over bytes: products of uint8 and int8, see
// byte_weights.h. Included once for each instruction set; of use on AVX2 alone. What comes before
// has no vectors for it, and what comes after multiplies int16 as quickly.
#if defined(OCTET_KERNELS_BYTE_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_BYTE_TILE_INL_H
#undef OCTET_KERNELS_BYTE_TILE_INL_H
#else
#define OCTET_KERNELS_BYTE_TILE_INL_H
#endif

#include <hwy/highway.h>

#include <cstring>

#include "octet/kernels/byte_weights.h"
#include "octet/kernels/convolution_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Windows of neighbouring pixels begin `step` bytes apart.
struct ByteTileInput {
  const uint8_t* x;
  int64_t step;
  ByteWeights::Block block;
};

#if HWY_TARGET == HWY_AVX2

inline constexpr bool kHasByteProducts = true;

HWY_INLINE __m256i broadcast_quad(const uint8_t* x) {
  int32_t quad;
  std::memcpy(&quad, x, sizeof(quad));
  return _mm256_set1_epi32(quad);
}

HWY_INLINE __m256i load_eight(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

// Sixteen channels for kPixels pixels.
template <int kQuads, int kPixels>
HWY_INLINE void byte_tile(const ByteTileInput& in, bool add, int32_t* HWY_RESTRICT sums) {
  __m256i acc[kPixels][2];
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < 2; ++v) {
      acc[p][v] = add ? load_eight(sums + p * kPanelChannels + 8 * v) : _mm256_setzero_si256();
    }
  }
  const __m256i ones = _mm256_set1_epi16(1);
  const int8_t* HWY_RESTRICT w = in.block.weights;
  for (int64_t e = 0; e < in.block.entries; ++e, w += kQuads * kQuad * kPanelChannels) {
    const uint8_t* HWY_RESTRICT x = in.x + in.block.offsets[e];
    for (int p = 0; p < kPixels; ++p) {
      const __m256i first = broadcast_quad(x + p * in.step);
      __m256i even = _mm256_maddubs_epi16(first, load_eight(w));
      __m256i odd = _mm256_maddubs_epi16(first, load_eight(w + 32));
      for (int q = 1; q < kQuads; ++q) {
        const __m256i quad = broadcast_quad(x + p * in.step + q * kQuad);
        even = _mm256_add_epi16(even, _mm256_maddubs_epi16(quad, load_eight(w + 64 * q)));
        odd = _mm256_add_epi16(odd, _mm256_maddubs_epi16(quad, load_eight(w + 64 * q + 32)));
      }
      acc[p][0] = _mm256_add_epi32(acc[p][0], _mm256_madd_epi16(even, ones));
      acc[p][1] = _mm256_add_epi32(acc[p][1], _mm256_madd_epi16(odd, ones));
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < 2; ++v) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + p * kPanelChannels + 8 * v), acc[p][v]);
    }
  }
}

#else

inline constexpr bool kHasByteProducts = false;

template <int kQuads, int kPixels>
HWY_INLINE void byte_tile(const ByteTileInput&, bool, int32_t*) {}

#endif

// Few pixels leave registers to products that are in flight.
template <int kQuads>
HWY_INLINE void byte_line(int64_t pixels, const ByteTileInput& in, bool add, int32_t* sums) {
  for_each_tile<kQuads == 4 ? 3 : 4>(pixels, in, sums,
                                     [&](auto count, const ByteTileInput& tile, int32_t* to) {
                                       byte_tile<kQuads, decltype(count)::value>(tile, add, to);
                                     });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
