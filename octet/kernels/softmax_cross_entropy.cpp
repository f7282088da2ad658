#include "octet/kernels/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/softmax_cross_entropy.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>
// Behind foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using RowTag = hn::ScalableTag<float>;
using RowVector = hn::Vec<RowTag>;

// Calls body(vector of x, its place, number of elements); what is beyond the row is -infinity.
template <class Body>
HWY_INLINE void for_row(const float* x, int64_t classes, const Body& body) {
  const RowTag tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  int64_t i = 0;
  for (; i + lanes <= classes; i += lanes) body(hn::LoadU(tag, x + i), i, lanes);
  if (i == classes) return;
  HWY_ALIGN float rest[hn::MaxLanes(tag)];
  std::fill_n(rest, lanes, -std::numeric_limits<float>::infinity());
  std::copy(x + i, x + classes, rest);
  body(hn::Load(tag, rest), i, classes - i);
}

// Highway's exponential of what is no number is zero.
HWY_INLINE RowVector exponential(RowVector x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(RowTag(), x));
}

HWY_INLINE void store_some(RowVector values, int64_t count, float* to) {
  const RowTag tag;
  if (count == static_cast<int64_t>(hn::Lanes(tag))) return hn::StoreU(values, tag, to);
  HWY_ALIGN float rest[hn::MaxLanes(tag)];
  hn::Store(values, tag, rest);
  std::copy_n(rest, count, to);
}

// exp(x - highest) of a row, and their sum.
HWY_INLINE float exponentials(const float* x, int64_t classes, float highest, float* to) {
  const RowTag tag;
  const RowVector shift = hn::Set(tag, highest);
  RowVector sums = hn::Zero(tag);
  for_row(x, classes, [&](RowVector values, int64_t at, int64_t count) {
    const RowVector e = exponential(hn::Sub(values, shift));
    sums = hn::Add(sums, e);
    if (to != nullptr) store_some(e, count, to + at);
  });
  return hn::GetLane(hn::SumOfLanes(tag, sums));
}

float highest_of(const float* x, int64_t classes) {
  RowVector most = hn::Set(RowTag(), -std::numeric_limits<float>::infinity());
  for_row(x, classes, [&](RowVector values, int64_t, int64_t) { most = hn::Max(most, values); });
  return hn::GetLane(hn::MaxOfLanes(RowTag(), most));
}

void softmax_cross_entropy_simd(const float* x, const int64_t* labels, int64_t rows,
                                int64_t classes, float* loss, float* gradient) {
#pragma omp parallel for if (rows * classes > 65536)
  for (int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * classes;
    float* to = gradient == nullptr ? nullptr : gradient + row * classes;
    const int64_t label = labels[row];
    if (label < 0) {
      loss[row] = 0;
      if (to != nullptr) std::fill_n(to, classes, 0.0F);
      continue;
    }
    const float highest = highest_of(from, classes);
    const float sum = exponentials(from, classes, highest, to);
    loss[row] = std::log(sum) - (from[label] - highest);
    if (to == nullptr) continue;
    for (int64_t i = 0; i < classes; ++i) to[i] /= sum;
    to[label] -= 1;
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(softmax_cross_entropy_simd);

void softmax_cross_entropy(const float* x, const int64_t* labels, int64_t rows, int64_t classes,
                           float* loss, float* gradient) {
  HWY_DYNAMIC_DISPATCH(softmax_cross_entropy_simd)(x, labels, rows, classes, loss, gradient);
}

void softmax_cross_entropy_backward(const float* gradient, const float* dloss, int64_t rows,
                                    int64_t classes, float* dx) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = row * classes; i < (row + 1) * classes; ++i) dx[i] = gradient[i] * dloss[row];
  }
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
