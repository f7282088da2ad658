// Eight elements between floats and bytes, or sixteen where a vector has as many lanes: what the
// loops of quantize.cpp and quantized_arithmetic.cpp are made of. Included once for each
// instruction set, behind foreach_target.h.
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

// The bytes of whole numbers, signed or not: the low ones of what they become beside a large
// number.
template <class Vector>
HWY_INLINE void store_bytes(Vector whole_numbers, uint8_t* bytes) {
  const hn::DFromV<Vector> tag;
  const hn::RebindToSigned<decltype(tag)> int_tag;
  const hn::Rebind<uint8_t, decltype(tag)> byte_tag;
  const auto low_bits = hn::BitCast(int_tag, hn::Add(whole_numbers, hn::Set(tag, kRoundingFloat)));
  const auto low_byte = hn::And(low_bits, hn::Set(int_tag, 0xFF));
  hn::StoreU(hn::DemoteTo(byte_tag, low_byte), byte_tag, bytes);
}

// (q - zero_point) * scale. Unsigned bytes count as signed ones, 128 lower, as does their zero
// point; both differences are exact.
template <class Tag>
class Dequantize {
 public:
  explicit Dequantize(const QuantizedOperand& x)
      : flip_(hn::Set(BytesTag(), x.is_signed ? 0 : 0x80)),
        zero_(hn::Set(Tag(), static_cast<float>(x.zero_point - (x.is_signed ? 0 : 128)))),
        scale_(hn::Set(Tag(), x.scale)) {}

  HWY_INLINE hn::Vec<Tag> operator()(const uint8_t* q) const {
    const hn::RebindToSigned<BytesTag> signed_tag;
    const auto bytes = hn::BitCast(signed_tag, hn::Xor(hn::LoadU(BytesTag(), q), flip_));
    const auto whole_numbers =
        hn::ConvertTo(Tag(), hn::PromoteTo(hn::RebindToSigned<Tag>(), bytes));
    return hn::Mul(hn::Sub(whole_numbers, zero_), scale_);
  }

 private:
  using BytesTag = hn::Rebind<uint8_t, Tag>;

  hn::Vec<BytesTag> flip_;
  hn::Vec<Tag> zero_, scale_;
};
using DequantizeEight = Dequantize<FloatTag>;

// clamp(round(steps) + zero), and where the gradient passes.
template <bool kHalfAway, class Tag = FloatTag>
struct Rounding {
  hn::Vec<Tag> zero, lowest, highest;
  unsigned straight;

  explicit Rounding(const Requantization& r)
      : zero(hn::Set(Tag(), static_cast<float>(r.zero_point))),
        lowest(hn::Set(Tag(), static_cast<float>(r.qmin))),
        highest(hn::Set(Tag(), static_cast<float>(r.qmax))),
        straight(r.ste == Ste::STRAIGHT ? 0xFFFF : 0) {}

  HWY_INLINE hn::Vec<Tag> operator()(hn::Vec<Tag> steps, unsigned& inside, int vector) const {
    const auto v = hn::Add(whole<kHalfAway>(steps), zero);
    const auto q = hn::Min(hn::Max(v, lowest), highest);
    inside |= bits_of(Tag(), hn::Eq(q, v), vector);
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
