#include "octet/kernels/parameter_units.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/parameter_units.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>
// Behind foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Loops that the compiler makes vectors of. No product is added to anything, so that no instruction
// set rounds otherwise than another.

void set_divisors_simd(UnitBlock& block, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) block.divisor[i] = block.unit[i] == 0 ? 1 : block.unit[i];
}

void take_unit_simd(const UnitBlock& block, int64_t count, const float* w, const float* g, float* v,
                    float* scaled) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    v[i] = w[i] / block.divisor[i];
    scaled[i] = g[i] * block.unit[i];
  }
}

void give_unit_simd(const UnitBlock& block, int64_t count, const float* v, float* w) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    w[i] = block.unit[i] == 0 ? w[i] : v[i] * block.unit[i];
  }
}

void divide_by_units_simd(const UnitBlock& block, int64_t count, const float* w, float* quotients) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) quotients[i] = w[i] / block.divisor[i] / block.divisor[i];
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(set_divisors_simd);
HWY_EXPORT(take_unit_simd);
HWY_EXPORT(give_unit_simd);
HWY_EXPORT(divide_by_units_simd);

void fill_units(UnitBlock& block, const ParameterUnit& unit, int64_t first, int64_t count) {
  int64_t index = first / unit.inner % unit.extent;
  if (unit.inner == 1) {
    for (int64_t i = 0; i < count; index = 0) {
      const int64_t run = std::min(unit.extent - index, count - i);
      std::copy_n(unit.values + index, run, block.unit + i);
      i += run;
    }
  } else {
    int64_t passed = first % unit.inner;  // of this index
    for (int64_t i = 0; i < count; passed = 0) {
      const int64_t run = std::min(unit.inner - passed, count - i);
      std::fill_n(block.unit + i, run, unit.values[index]);
      i += run;
      index = index + 1 == unit.extent ? 0 : index + 1;
    }
  }
  HWY_DYNAMIC_DISPATCH(set_divisors_simd)(block, count);
}

void take_unit(const UnitBlock& block, int64_t count, const float* w, const float* g, float* v,
               float* scaled) {
  HWY_DYNAMIC_DISPATCH(take_unit_simd)(block, count, w, g, v, scaled);
}

void give_unit(const UnitBlock& block, int64_t count, const float* v, float* w) {
  HWY_DYNAMIC_DISPATCH(give_unit_simd)(block, count, v, w);
}

void divide_by_units(const UnitBlock& block, int64_t count, const float* w, float* quotients) {
  HWY_DYNAMIC_DISPATCH(divide_by_units_simd)(block, count, w, quotients);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
