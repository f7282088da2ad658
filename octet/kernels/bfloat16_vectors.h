// Sixteen floats and thirty-two bfloat16 in the vectors of AVX-512, for loops that only processors
// with instructions for bfloat16 run. Included in front of the code that is compiled for these.
#pragma once

#include <hwy/base.h>

#include <cstdint>
#include <cstring>

#include "octet/kernels/gradient.h"

#if HWY_ARCH_X86
// GCC 12 takes the undefined operands of its own intrinsics for ours (its bug 105593).
HWY_DIAGNOSTICS(push)
HWY_DIAGNOSTICS_OFF(disable : 4701, ignored "-Wmaybe-uninitialized")
HWY_DIAGNOSTICS_OFF(disable : 4700, ignored "-Wuninitialized")
#include <immintrin.h>
HWY_DIAGNOSTICS(pop)

// In front of code for these processors; HWY_POP_ATTRIBUTES stands behind it. The targets of
// Highway 1.0 do not name this instruction set.
#define OCTET_PUSH_BFLOAT16_ATTRIBUTES \
  HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

OCTET_PUSH_BFLOAT16_ATTRIBUTES

namespace octet::kernels {
namespace {  // compiled for these processors only, so never shared

HWY_INLINE __m512 load(const float* x) {
  return _mm512_loadu_ps(x);
}
HWY_INLINE __m512 load(const BFloat16* x) {
  const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

HWY_INLINE void store(__m512 x, float* to) {
  _mm512_storeu_ps(to, x);
}
HWY_INLINE void store_half(__m256i x, BFloat16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
}
HWY_INLINE void store(__m512 x, BFloat16* to) {
  store_half(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)), to);
}

// Both rounded to bfloat16, `first` in the lower half.
HWY_INLINE __m512i rounded(__m512 first, __m512 second) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}

// From both halves in turn.
HWY_INLINE __m512i interleaved(__m512i halves) {
  alignas(64) static constexpr uint16_t kOrder[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                      21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                      11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  return _mm512_permutexvar_epi16(_mm512_load_si512(kOrder), halves);
}

// x where one of sixteen bits is set, else 0. By a vector of bits: of a mask compilers make a
// masked load, which takes Zen 5 several times as long.
HWY_INLINE __m512 where_set(const uint8_t* bits, __m512 x) {
  uint16_t sixteen;
  std::memcpy(&sixteen, bits, sizeof(sixteen));
  return _mm512_and_ps(_mm512_castsi512_ps(_mm512_movm_epi32(sixteen)), x);
}

}  // namespace
}  // namespace octet::kernels

HWY_POP_ATTRIBUTES
#endif
