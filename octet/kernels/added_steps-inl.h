// The vector form of added_value.h: what eight sums of a layer are as steps of the sum with another
// value. Included once for each instruction set, behind foreach_target.h.
#if defined(OCTET_KERNELS_ADDED_STEPS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_ADDED_STEPS_INL_H
#undef OCTET_KERNELS_ADDED_STEPS_INL_H
#else
#define OCTET_KERNELS_ADDED_STEPS_INL_H
#endif

#include <algorithm>

#include "octet/kernels/added_value.h"
#include "octet/kernels/quantize-inl.h"
#include "octet/kernels/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// (own integer - zero point) * own scale + the other value, in units of the sum's scale.
template <bool kHalfAway>
class AddEight {
 public:
  // own: of the layer's integers.
  AddEight(const RoundingConstants& own, const AddedValue& added)
      : low_(set(std::max(own.clamp_low, static_cast<float>(own.lowest - own.zero_point)))),
        high_(set(std::min(own.clamp_high, static_cast<float>(own.highest - own.zero_point)))),
        own_scale_(set(added.own_scale)),
        y_scale_(set(added.y_scale)),
        other_(added.value) {}

  // A number within whole bounds rounds to one within them: so the layer's integers come without
  // leaving float32, their zero point taken off.
  HWY_INLINE FloatVector operator()(FloatVector own_steps, const uint8_t* other) const {
    const FloatVector own = whole<kHalfAway>(hn::Min(hn::Max(own_steps, low_), high_));
    return hn::Div(hn::Add(hn::Mul(own, own_scale_), other_(other)), y_scale_);
  }

 private:
  FloatVector low_, high_, own_scale_, y_scale_;
  DequantizeEight other_;
};

// Rows of them, for EightRounding; the other values of row i begin at others + i * step.
template <bool kHalfAway>
struct AddedSteps {
  SumSteps<int32_t> own;
  const AddEight<kHalfAway>* add;
  const uint8_t* others;
  int64_t step;

  HWY_INLINE FloatVector operator()(int row, int v) const {
    return (*add)(own(row, v), others + row * step + v * kLanes);
  }
};

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
