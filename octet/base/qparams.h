// What makes a float a small integer: the integer format, and the qparams (scale, zero point, axis)
// that a Variable carries. Plain data, no tensors.
//
//   q = clamp(round(x / scale) + zero_point, qmin, qmax)        x ~ (q - zero_point) * scale
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "octet/base/dtype.h"

namespace octet {

// How x / scale becomes an integer when it lies halfway between two.
enum class RoundMode : uint8_t { HALF_TO_EVEN, HALF_AWAY_FROM_ZERO };

// How a scale becomes a power of two; NOTROUND leaves it as it is.
enum class Pow2 : uint8_t { NOTROUND, ROUND, CEIL, FLOOR };

// The straight-through estimator: the gradient that rounding passes. CLIPPED: 1 for values inside
// the range, 0 for saturated ones. STRAIGHT: 1 for all of them.
enum class Ste : uint8_t { CLIPPED, STRAIGHT };

std::string_view to_string(RoundMode mode);
std::string_view to_string(Pow2 pow2);
std::string_view to_string(Ste ste);

// Letters in either case. An unknown word is an Error that lists the allowed ones.
RoundMode parse_round_mode(std::string_view text);
Pow2 parse_pow2(std::string_view text);
Ste parse_ste(std::string_view text);

// The integers that a value is held in.
//
//   dtype   bits     range                         narrow_range leaves out the lowest of them
//   int8    2 .. 8   -2^(bits-1) .. 2^(bits-1)-1   -127 .. 127
//   uint8   2 .. 8   0 .. 2^bits-1                 1 .. 255
//   int16   16       as int8
//   int32   32       as int8
struct QuantFormat {
  DType dtype = DType::kInt8;
  int bits = 8;
  bool narrow_range = false;

  int64_t qmin() const;
  int64_t qmax() const;
  // qmax - qmin: 255 for int8, 254 with narrow_range.
  int64_t steps() const;
  // The largest float32 that is not above qmax: 127, 2147483520 for int32. 2147483647 itself would
  // become 2^31 as a float32, and overflow when it is converted back. (qmin is always exact.)
  float largest_float() const;
  bool is_signed() const { return dtype != DType::kUInt8; }
  // Throws Error prefixed with `where` for a type that isn't in the table, or bits it cannot have.
  void validate(std::string_view where) const;

  bool operator==(const QuantFormat&) const = default;
};

// The format that uses every bit of `dtype`.
QuantFormat full_format(DType dtype);

// The qparams of a value. scale and zero_point have one element, or, per channel, one for each
// index along `axis`.
struct QParams {
  QuantFormat format;
  std::vector<float> scale = {};
  std::vector<int32_t> zero_point = {};
  int64_t axis = -1;  // -1: one scale for the whole tensor

  bool operator==(const QParams&) const = default;
};

}  // namespace octet
