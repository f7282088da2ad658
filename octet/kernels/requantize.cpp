#include "octet/kernels/requantize.h"

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "octet/kernels/rounding_constants.h"
#include "octet/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/requantize.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, which reads it once for each instruction set.
#include "octet/kernels/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Where the results go, and how they are made.
struct RequantizedRows {
  const ChannelRows& rows;
  const ChannelFactors& factors;
  const RoundingConstants& constants;
  uint8_t* y;
  uint8_t* passes;
};

// A row of `count` elements.
template <class Rounding, class Sum>
HWY_INLINE void requantize_row(const Rounding& rounding, const Sum* acc,
                               const ChannelFactors& factors, int64_t channel, int64_t count,
                               uint8_t* y, uint8_t* passes) {
  int64_t lane = 0;
  for (; lane + 32 <= count; lane += 32) {
    EightFactors four[4];
    for (int i = 0; i < 4; ++i) four[i] = load_factors(factors, channel + lane + 8 * i);
    const uint32_t bits = rounding.four(SumSteps<Sum>{acc + lane, 8, four, 1}, y + lane, 8);
    if (passes == nullptr) continue;
    for (int i = 0; i < 4; ++i) passes[lane / 8 + i] = static_cast<uint8_t>(bits >> (8 * i));
  }
  for (; lane < count; lane += 8) {
    const EightFactors eight = load_factors(factors, channel + lane);
    const uint8_t bits = requantize_some(rounding, acc + lane, eight, count - lane, y + lane);
    if (passes != nullptr) passes[lane / 8] = bits;
  }
}

// `rows` rows of the same eight channels.
template <class Rounding, class Sum>
HWY_INLINE void requantize_eights(const Rounding& rounding, const Sum* acc,
                                  const EightFactors& eight, int64_t rows, uint8_t* y,
                                  uint8_t* passes) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const uint32_t bits = rounding.four(SumSteps<Sum>{acc + 8 * row, 8, &eight, 0}, y + 8 * row, 8);
    if (passes == nullptr) continue;
    for (int i = 0; i < 4; ++i) passes[row + i] = static_cast<uint8_t>(bits >> (8 * i));
  }
  for (; row < rows; ++row) {
    const uint8_t bits = rounding.one(SumSteps<Sum>{acc + 8 * row, 0, &eight, 0}, y + 8 * row);
    if (passes != nullptr) passes[row] = bits;
  }
}

// Eight bytes that are 0 or 1, in memory order on processors that put the low byte first, as all do
// that Highway knows.
HWY_INLINE uint64_t byte_per_bit(uint64_t bits) {
  // Each byte keeps another bit of its copy; 127 more carry it to the highest one.
  const uint64_t kept = bits * 0x0101010101010101U & 0x8040201008040201U;
  return (kept + 0x7F7F7F7F7F7F7F7FU) >> 7 & 0x0101010101010101U;
}

// `count` elements of one channel, each a row.
template <class Rounding, class Sum>
HWY_INLINE void requantize_singles(const Rounding& rounding, const Sum* acc,
                                   const EightFactors& channel, int64_t count, uint8_t* y,
                                   uint8_t* passes) {
  for (int64_t i = 0; i < count; i += 8) {
    const unsigned bits = requantize_some(rounding, acc + i, channel, count - i, y + i);
    if (passes == nullptr) continue;
    const uint64_t bytes = byte_per_bit(bits);
    if (HWY_LIKELY(count - i >= 8)) {
      std::memcpy(passes + i, &bytes, 8);
    } else {
      std::memcpy(passes + i, &bytes, count - i);
    }
  }
}

// Rows [row, end).
template <class Rounding, class Sum>
void requantize_with(const Sum* acc, const RequantizedRows& to, int64_t row, int64_t end) {
  const Rounding rounding(to.constants);
  const int64_t lanes = to.rows.lanes, row_bytes = bit_row_bytes(to.rows);
  while (row < end) {
    const int64_t channel = to.rows.first_channel(row), stop = to.rows.end_of_channel(row, end);
    const auto passes = [&] {
      return to.passes == nullptr ? nullptr : to.passes + row * row_bytes;
    };
    if (lanes == 1) {
      requantize_singles(rounding, acc + row, broadcast_factors(to.factors, channel), stop - row,
                         to.y + row, passes());
    } else if (lanes == 8) {
      requantize_eights(rounding, acc + row * 8, load_factors(to.factors, channel), stop - row,
                        to.y + row * 8, passes());
    } else {
      for (; row < stop; ++row) {
        requantize_row(rounding, acc + row * lanes, to.factors, channel, lanes, to.y + row * lanes,
                       passes());
      }
    }
    row = stop;
  }
}

template <class Sum>
void requantize_rows(const Sum* acc, const ChannelRows& rows, const ChannelFactors& factors,
                     const RoundingConstants& constants, int64_t begin, int64_t end, uint8_t* y,
                     uint8_t* passes) {
  const RequantizedRows to{rows, factors, constants, y, passes};
  const auto run = [&](auto kernel) { kernel(acc, to, begin, end); };
  if (passes == nullptr) {
    run(constants.half_away ? requantize_with<EightRounding<true, false>, Sum>
                            : requantize_with<EightRounding<false, false>, Sum>);
  } else {
    run(constants.half_away ? requantize_with<EightRounding<true, true>, Sum>
                            : requantize_with<EightRounding<false, true>, Sum>);
  }
}

void requantize_float_rows(const float* acc, const ChannelRows& rows, const ChannelFactors& factors,
                           const RoundingConstants& constants, int64_t begin, int64_t end,
                           uint8_t* y, uint8_t* passes) {
  requantize_rows(acc, rows, factors, constants, begin, end, y, passes);
}

void requantize_integer_rows(const int32_t* acc, const ChannelRows& rows,
                             const ChannelFactors& factors, const RoundingConstants& constants,
                             int64_t begin, int64_t end, uint8_t* y, uint8_t* passes) {
  requantize_rows(acc, rows, factors, constants, begin, end, y, passes);
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace octet::kernels {

HWY_EXPORT(requantize_float_rows);
HWY_EXPORT(requantize_integer_rows);

namespace {

// Calls function(begin, end) for parts of [0, count), as many as there are threads. Small ones are
// not worth waking them: a thread takes `least` or more.
template <class Function>
void in_parts(int64_t count, int64_t least, const Function& function) {
  const int64_t parts =
      std::clamp<int64_t>(count / std::max<int64_t>(least, 1), 1, omp_get_max_threads());
#pragma omp parallel for num_threads(parts) schedule(static) if (parts > 1)
  for (int64_t part = 0; part < parts; ++part) {
    function(count * part / parts, count * (part + 1) / parts);
  }
}

constexpr int64_t kLeastElements = 16384;

template <class Sum, class Kernel>
void requantize_in_parts(Kernel kernel, const Sum* acc, const ChannelRows& rows,
                         const Requantization& requantization, void* y, uint8_t* passes) {
  ChannelFactors factors(rows.channels());
  factors.set(requantization);
  const RoundingConstants constants = rounding_constants(requantization);
  in_parts(rows.rows(), kLeastElements / rows.lanes, [&](int64_t begin, int64_t end) {
    kernel(acc, rows, factors, constants, begin, end, static_cast<uint8_t*>(y), passes);
  });
}

}  // namespace

void requantize(const float* acc, const ChannelRows& rows, const Requantization& requantization,
                bool /*is_signed*/, void* y, uint8_t* passes) {
  requantize_in_parts(HWY_DYNAMIC_DISPATCH(requantize_float_rows), acc, rows, requantization, y,
                      passes);
}

void requantize(const int32_t* acc, const ChannelRows& rows, const Requantization& requantization,
                bool /*is_signed*/, void* y, uint8_t* passes) {
  requantize_in_parts(HWY_DYNAMIC_DISPATCH(requantize_integer_rows), acc, rows, requantization, y,
                      passes);
}

}  // namespace octet::kernels
#endif  // HWY_ONCE
