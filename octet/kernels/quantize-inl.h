// Eight elements between floats and bytes: what the loops of quantize.cpp and
// quantized_arithmetic.cpp are made of. Included once for each instruction set, behind
// foreach_target.h.
#if defined(OCTET_KERNELS_QUANTIZE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_QUANTIZE_INL_H
#undef OCTET_KERNELS_QUANTIZE_INL_H
#else
#define OCTET_KERNELS_QUANTIZE_INL_H
#endif

#include <cmath>

#include "octet/kernels/eight_floats-inl.h"
#include "octet/kernels/quantize.h"
#include "octet/kernels/rounding_constants.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

using FloatBytesTag = hn::Rebind<uint8_t, FloatTag>;

// The bytes of whole numbers, signed or not: the low ones of what they become beside a large
// number.
HWY_INLINE void store_bytes(FloatVector whole_numbers, uint8_t* bytes) {
  const IntVector low_bits =
      hn::BitCast(IntTag(), hn::Add(whole_numbers, hn::Set(FloatTag(), kRoundingFloat)));
  const IntVector low_byte = hn::And(low_bits, hn::Set(IntTag(), 0xFF));
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

// Whether something that is not finite came by.
class Wild {
 public:
  Wild() : seen_(set(0)) {}
  HWY_INLINE void add(FloatVector x) { seen_ = hn::Or(seen_, hn::Sub(x, x)); }
  HWY_INLINE bool any() const { return !hn::AllTrue(FloatTag(), hn::Eq(seen_, seen_)); }

 private:
  FloatVector seen_;  // 0, or no number
};

// The integers of activation(x): quantize() for eight elements.
template <bool kHalfAway, bool kActivates>
struct QuantizeEight {
  Rounding<kHalfAway> rounding;
  FloatVector scale;
  FloatVector low, high;  // of the activation

  QuantizeEight(const Requantization& output, float step)
      : rounding(output),
        scale(set(step)),
        low(set(0.0F)),
        high(set(output.activation == Activation::kReLU6 ? output.six : INFINITY)) {}

  // x(v) is vector number v. The gradient bits.
  template <class Values>
  HWY_INLINE uint8_t operator()(const Values& x, uint8_t* q, Wild& wild) const {
    unsigned inside = 0, active = 0;
    for (int v = 0; v < kVectors; ++v) {
      FloatVector value = x(v);
      if constexpr (kActivates) {
        active |= bits_of(hn::And(hn::Gt(value, low), hn::Lt(value, high)), v);
        value = bounded(value, low, high);
      }
      wild.add(value);
      store_bytes(rounding(hn::Div(value, scale), inside, v), q + v * kLanes);
    }
    return static_cast<uint8_t>((inside | rounding.straight) & (kActivates ? active : 0xFF));
  }
};

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
