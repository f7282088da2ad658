#include "octet/kernels/lookup.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/lookup.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

constexpr int kRow = 16;  // entries that one instruction looks up

#if HWY_TARGET != HWY_SCALAR

using TableTag = hn::CappedTag<uint8_t, 64>;
using TableVector = hn::Vec<TableTag>;
inline constexpr int kTableLanes = hn::MaxLanes(TableTag());

// The entries of all bytes that lie in one vector, row by row of the table: a byte of another row
// has its uppermost bit set, which gives 0.
HWY_INLINE TableVector entries(TableVector x, const uint8_t* table) {
  const TableTag tag;
  TableVector found = hn::Zero(tag);
  for (int row = 0; row < kBytes / kRow; ++row) {
    const TableVector in_row = hn::Xor(x, hn::Set(tag, static_cast<uint8_t>(row * kRow)));
    const TableVector above = hn::SaturatedAdd(in_row, hn::Set(tag, 0x70));
    const TableVector index = hn::Xor(above, hn::Set(tag, 0x70));
    const TableVector values = hn::LoadDup128(tag, table + row * kRow);
    found = hn::Or(found, hn::TableLookupBytesOr0(values, index));
  }
  return found;
}

HWY_INLINE int64_t lookup_vectors(const uint8_t* x, const uint8_t* table, int64_t begin,
                                  int64_t end, uint8_t* y) {
  int64_t i = begin;
  for (; i + kTableLanes <= end; i += kTableLanes) {
    hn::StoreU(entries(hn::LoadU(TableTag(), x + i), table), TableTag(), y + i);
  }
  return i;
}

#else

HWY_INLINE int64_t lookup_vectors(const uint8_t*, const uint8_t*, int64_t begin, int64_t,
                                  uint8_t*) {
  return begin;
}

#endif

void lookup_simd(const uint8_t* x, const uint8_t* table, int64_t count, uint8_t* y) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    for (int64_t i = lookup_vectors(x, table, begin, end, y); i < end; ++i) y[i] = table[x[i]];
  });
}

void lookup_gradient_simd(const float* dy, const uint8_t* x, const float* slope, int64_t count,
                          float* dx) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      const hn::Rebind<uint8_t, FloatTag> bytes;
      const IntVector at = hn::PromoteTo(IntTag(), hn::LoadU(bytes, x + i));
      const FloatVector slopes = hn::GatherIndex(FloatTag(), slope, at);
      hn::StoreU(hn::Mul(load(dy + i), slopes), FloatTag(), dx + i);
    }
    for (; i < end; ++i) dx[i] = dy[i] * slope[x[i]];
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(lookup_simd);
HWY_EXPORT(lookup_gradient_simd);

void lookup(const uint8_t* x, const std::array<uint8_t, kBytes>& table, int64_t count, uint8_t* y) {
  HWY_DYNAMIC_DISPATCH(lookup_simd)(x, table.data(), count, y);
}

void lookup_gradient(const float* dy, const uint8_t* x, const std::array<float, kBytes>& slope,
                     int64_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(lookup_gradient_simd)(dy, x, slope.data(), count, dx);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
