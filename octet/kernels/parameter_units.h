// Blocks of parameters as they are without their units: w / u and g * u.
#pragma once

#include <cstdint>

namespace octet::kernels {

// What the elements of a parameter are counted in: the i-th in values[i / inner % extent].
struct ParameterUnit {
  const float* values = nullptr;  // none: all in 1
  int64_t inner = 1;
  int64_t extent = 1;
};

// With a unit, rules work on copies of so many elements. They stay in the first-level cache, and a
// block is a quarter of a page, so that processors fetch the next ones meanwhile.
constexpr int64_t kUnitBlock = 256;

// The unit of each element of a block, and what its value is divided by: the unit, or 1 for 0.
struct UnitBlock {
  alignas(64) float unit[kUnitBlock];
  alignas(64) float divisor[kUnitBlock];
};

// For the elements from `first` on of a parameter.
void fill_units(UnitBlock& block, const ParameterUnit& unit, int64_t first, int64_t count);

// v = w / divisor, and scaled = g * unit
void take_unit(const UnitBlock& block, int64_t count, const float* w, const float* g, float* v,
               float* scaled);

// w = v * unit, but where the unit is 0
void give_unit(const UnitBlock& block, int64_t count, const float* v, float* w);

// quotients = w / divisor / divisor
void divide_by_units(const UnitBlock& block, int64_t count, const float* w, float* quotients);

}  // namespace octet::kernels
