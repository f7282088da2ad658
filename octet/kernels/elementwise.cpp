#include "octet/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/elementwise.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Applies `vector` to whole vectors and `scalar` to what remains.
template <class VectorBody, class ScalarBody>
void elementwise(int64_t count, const VectorBody& vector, const ScalarBody& scalar) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) vector(i);
    for (; i < end; ++i) scalar(i);
  });
}

HWY_INLINE FloatVector bounded(FloatVector x, float low, float high) {
  return bounded(x, set(low), set(high));
}
inline float bounded(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return raised > high ? high : raised;
}

void sum_simd(const float* a, const float* b, int64_t count, bool relu, float* y) {
  const float low = relu ? 0.0F : -INFINITY;
  elementwise(
      count,
      [&](int64_t i) {
        hn::StoreU(bounded(hn::Add(load(a + i), load(b + i)), low, INFINITY), FloatTag(), y + i);
      },
      [&](int64_t i) { y[i] = bounded(a[i] + b[i], low, INFINITY); });
}

void sum_backward_simd(const float* dy, const float* y, int64_t count, float* da, float* db) {
  elementwise(
      count,
      [=](int64_t i) {
        FloatVector gradient = load(dy + i);
        if (y != nullptr) gradient = where_set(hn::Gt(load(y + i), set(0.0F)), gradient);
        if (da != nullptr) store(gradient, da + i);
        if (db != nullptr) store(gradient, db + i);
      },
      [=](int64_t i) {
        const float gradient = y == nullptr || y[i] > 0 ? dy[i] : 0.0F;
        if (da != nullptr) da[i] = gradient;
        if (db != nullptr) db[i] = gradient;
      });
}

void relu_simd(const float* x, float bound, int64_t count, float* y) {
  elementwise(
      count, [&](int64_t i) { hn::StoreU(bounded(load(x + i), 0.0F, bound), FloatTag(), y + i); },
      [&](int64_t i) { y[i] = bounded(x[i], 0.0F, bound); });
}

void relu_backward_simd(const float* dy, const float* y, float bound, int64_t count, float* dx) {
  elementwise(
      count,
      [&](int64_t i) {
        const FloatVector value = load(y + i);
        const auto on = hn::And(hn::Gt(value, set(0.0F)), hn::Lt(value, set(bound)));
        hn::StoreU(where_set(on, load(dy + i)), FloatTag(), dx + i);
      },
      [&](int64_t i) { dx[i] = y[i] > 0 && y[i] < bound ? dy[i] : 0.0F; });
}

void scale_simd(const float* x, float factor, int64_t count, float* y) {
  elementwise(
      count, [&](int64_t i) { hn::StoreU(hn::Mul(load(x + i), set(factor)), FloatTag(), y + i); },
      [&](int64_t i) { y[i] = x[i] * factor; });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(sum_simd);
HWY_EXPORT(sum_backward_simd);
HWY_EXPORT(relu_simd);
HWY_EXPORT(relu_backward_simd);
HWY_EXPORT(scale_simd);

void sum(const float* a, const float* b, int64_t count, bool relu, float* y) {
  HWY_DYNAMIC_DISPATCH(sum_simd)(a, b, count, relu, y);
}

void sum_backward(const float* dy, const float* y, int64_t count, float* da, float* db) {
  HWY_DYNAMIC_DISPATCH(sum_backward_simd)(dy, y, count, da, db);
}

void relu(const float* x, float bound, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(relu_simd)(x, bound, count, y);
}

void relu_backward(const float* dy, const float* y, float bound, int64_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(relu_backward_simd)(dy, y, bound, count, dx);
}

void scale(const float* x, float factor, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(scale_simd)(x, factor, count, y);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
