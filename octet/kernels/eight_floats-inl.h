// Eight floats, which have one byte of gradient bits, as vectors: what the loops of these kernels
// are made of. Included once for each instruction set, behind foreach_target.h.
#if defined(OCTET_KERNELS_EIGHT_FLOATS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_EIGHT_FLOATS_INL_H
#undef OCTET_KERNELS_EIGHT_FLOATS_INL_H
#else
#define OCTET_KERNELS_EIGHT_FLOATS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "octet/kernels/gradient.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// They are one vector, or several where vectors are shorter.
using FloatTag = hn::CappedTag<float, 8>;
using IntTag = hn::RebindToSigned<FloatTag>;
using FloatVector = hn::Vec<FloatTag>;
using IntVector = hn::Vec<IntTag>;
inline constexpr int kEight = 8;
inline constexpr int kLanes = hn::MaxLanes(FloatTag());
inline constexpr int kVectors = kEight / kLanes;
static_assert(kLanes * kVectors == kEight);

HWY_INLINE FloatVector set(float value) {
  return hn::Set(FloatTag(), value);
}

HWY_INLINE FloatVector load(const float* x) {
  return hn::LoadU(FloatTag(), x);
}

HWY_INLINE void store(FloatVector x, float* to) {
  hn::StoreU(x, FloatTag(), to);
}

// bfloat16 as float32, and rounded as gradient.h says.
HWY_INLINE FloatVector load(const BFloat16* x) {
  const hn::Rebind<uint16_t, FloatTag> halves;
  const hn::RebindToUnsigned<FloatTag> bits;
  const auto upper = hn::LoadU(halves, reinterpret_cast<const uint16_t*>(x));
  return hn::BitCast(FloatTag(), hn::ShiftLeft<16>(hn::PromoteTo(bits, upper)));
}

// In the lower halves.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<FloatTag>> bfloat16_bits(FloatVector x) {
  const hn::RebindToUnsigned<FloatTag> tag;
  const auto bits = hn::BitCast(tag, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(tag, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(tag, 0x7FFF))));
  return hn::IfThenElse(hn::RebindMask(tag, hn::Eq(x, x)), rounded, hn::Set(tag, 0x7FC0));
}

HWY_INLINE void store(FloatVector x, BFloat16* to) {
  const hn::Rebind<uint16_t, FloatTag> halves;
  hn::StoreU(hn::DemoteTo(halves, hn::BitCast(IntTag(), bfloat16_bits(x))), halves,
             reinterpret_cast<uint16_t*>(to));
}

// x within the bounds. What is no number stays so, which the minimum and maximum of processors do
// not do alike.
HWY_INLINE FloatVector bounded(FloatVector x, FloatVector low, FloatVector high) {
  const FloatVector raised = hn::IfThenElse(hn::Lt(x, low), low, x);
  return hn::IfThenElse(hn::Gt(raised, high), high, raised);
}

// x rounded to whole numbers; exact for numbers of any size.
template <bool kHalfAway, class Vector>
HWY_INLINE Vector whole(Vector x) {
  if constexpr (!kHalfAway) return hn::Round(x);
  const hn::DFromV<Vector> tag;
  // The rest behind the point is exact.
  const Vector toward_zero = hn::Trunc(x);
  const auto away = hn::Ge(hn::Abs(hn::Sub(x, toward_zero)), hn::Set(tag, 0.5F));
  return hn::Add(toward_zero, hn::IfThenElseZero(away, hn::CopySign(hn::Set(tag, 1.0F), x)));
}

// The bits of vector number `vector` of eight floats, or of sixteen.
template <class Tag>
HWY_INLINE unsigned bits_of(Tag tag, hn::Mask<Tag> mask, int vector) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(tag, mask, bytes);
  uint16_t sixteen;
  std::memcpy(&sixteen, bytes, sizeof(sixteen));
  return static_cast<unsigned>(sixteen) << (vector * hn::MaxLanes(tag));
}
HWY_INLINE unsigned bits_of(hn::Mask<FloatTag> mask, int vector) {
  return bits_of(FloatTag(), mask, vector);
}

HWY_INLINE hn::Mask<FloatTag> mask_of(uint8_t bits, int vector) {
  const uint8_t bytes[8] = {static_cast<uint8_t>(bits >> (vector * kLanes))};
  return hn::LoadMaskBits(FloatTag(), bytes);
}

// x where the mask or the bits are set, else 0. By a vector of bits: of a mask compilers make a
// masked load, which takes Zen 5 several times as long.
HWY_INLINE FloatVector where_set(hn::Mask<FloatTag> mask, FloatVector x) {
  return hn::And(hn::VecFromMask(FloatTag(), mask), x);
}
HWY_INLINE FloatVector where_set(uint8_t bits, int vector, FloatVector x) {
  return where_set(mask_of(bits, vector), x);
}

// Elements of one task: they fit into the second-level cache.
inline constexpr int64_t kChunk = 1 << 14;

// Calls body(begin, end) for pieces of [0, count) that begin at multiples of eight.
template <class Body>
void for_chunks(int64_t count, const Body& body) {
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for if (chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    body(chunk * kChunk, std::min(count, (chunk + 1) * kChunk));
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
