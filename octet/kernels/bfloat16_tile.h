// Products of small matrices of bfloat16, added up in float32 by the instruction of AVX-512 that
// takes two neighbours at a time.
#pragma once

#include <cstdint>

#include "octet/kernels/gradient.h"
#include "octet/kernels/memory_ahead.h"

namespace octet::kernels {

// Rows of pairs: pair k of row r begins at x + r * row + k * pair.
struct BFloat16Rows {
  const BFloat16* x = nullptr;
  int64_t row = 0;
  int64_t pair = 0;
};

// Panels of sixteen columns: (pair, column, 2), `panel` elements from one to the next.
struct BFloat16Panels {
  const BFloat16* w = nullptr;
  int64_t panel = 0;
  int64_t count = 1;
};

// Sums (row, column): `row` floats from row to row, `panel` from panel to panel.
struct BFloat16Sums {
  float* y = nullptr;
  int64_t row = 0;
  int64_t panel = 0;
};

// sums = rows times panels, or added to what is there. Meanwhile fetches from `ahead`, if there is
// any, a line for each pair of a tile. Only where has_bfloat16().
void bfloat16_products(int64_t rows, int64_t pairs, const BFloat16Rows& x,
                       const BFloat16Panels& panels, bool add, const BFloat16Sums& sums,
                       MemoryAhead* ahead = nullptr);

}  // namespace octet::kernels
