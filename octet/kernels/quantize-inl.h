// Eight elements between floats and bytes: what the loops of quantize.cpp and
// quantized_arithmetic.cpp are made of. Included once for each instruction set, behind
// foreach_target.h.
#if defined(OCTET_KERNELS_QUANTIZE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_QUANTIZE_INL_H
#undef OCTET_KERNELS_QUANTIZE_INL_H
#else
#define OCTET_KERNELS_QUANTIZE_INL_H
#endif

#include "octet/kernels/eight_floats-inl.h"
#include "octet/kernels/quantize.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

using FloatBytesTag = hn::Rebind<uint8_t, FloatTag>;

// The bytes of whole numbers, signed or not.
HWY_INLINE void store_bytes(FloatVector whole_numbers, uint8_t* bytes) {
  const IntVector low_byte =
      hn::And(hn::ConvertTo(IntTag(), whole_numbers), hn::Set(IntTag(), 0xFF));
  hn::StoreU(hn::DemoteTo(FloatBytesTag(), low_byte), FloatBytesTag(), bytes);
}

// (q - zero_point) * scale. Unsigned bytes count as signed ones, 128 lower, as does their zero
// point; both differences are exact.
class DequantizeEight {
 public:
  explicit DequantizeEight(const QuantizedOperand& x)
      : flip_(hn::Set(FloatBytesTag(), x.is_signed ? 0 : 0x80)),
        zero_(set(static_cast<float>(x.zero_point - (x.is_signed ? 0 : 128)))),
        scale_(set(x.scale)) {}

  HWY_INLINE FloatVector operator()(const uint8_t* q) const {
    const hn::RebindToSigned<FloatBytesTag> signed_tag;
    const auto bytes = hn::BitCast(signed_tag, hn::Xor(hn::LoadU(FloatBytesTag(), q), flip_));
    const FloatVector whole_numbers = hn::ConvertTo(FloatTag(), hn::PromoteTo(IntTag(), bytes));
    return hn::Mul(hn::Sub(whole_numbers, zero_), scale_);
  }

 private:
  hn::Vec<FloatBytesTag> flip_;
  FloatVector zero_, scale_;
};

// clamp(round(steps) + zero), and where the gradient passes.
template <bool kHalfAway>
struct Rounding {
  FloatVector zero, lowest, highest;
  unsigned straight;

  explicit Rounding(const Requantization& r)
      : zero(set(static_cast<float>(r.zero_point))),
        lowest(set(static_cast<float>(r.qmin))),
        highest(set(static_cast<float>(r.qmax))),
        straight(r.ste == Ste::STRAIGHT ? 0xFF : 0) {}

  HWY_INLINE FloatVector operator()(FloatVector steps, unsigned& inside, int vector) const {
    const FloatVector v = hn::Add(whole<kHalfAway>(steps), zero);
    const FloatVector q = hn::Min(hn::Max(v, lowest), highest);
    inside |= bits_of(hn::Eq(q, v), vector);
    return q;
  }
};

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
