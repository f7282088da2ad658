#include "octet/base/qparams.h"

#include <array>
#include <cmath>

#include "octet/base/error.h"
#include "octet/base/words.h"

namespace octet {
namespace {

constexpr std::array kRoundModes{
    Word<RoundMode>{RoundMode::HALF_TO_EVEN, "HALF_TO_EVEN"},
    Word<RoundMode>{RoundMode::HALF_AWAY_FROM_ZERO, "HALF_AWAY_FROM_ZERO"},
};

constexpr std::array kPow2s{
    Word<Pow2>{Pow2::NOTROUND, "NOTROUND"},
    Word<Pow2>{Pow2::ROUND, "ROUND"},
    Word<Pow2>{Pow2::CEIL, "CEIL"},
    Word<Pow2>{Pow2::FLOOR, "FLOOR"},
};

constexpr std::array kStes{
    Word<Ste>{Ste::CLIPPED, "CLIPPED"},
    Word<Ste>{Ste::STRAIGHT, "STRAIGHT"},
};

}  // namespace

std::string_view to_string(RoundMode mode) {
  return word_of(kRoundModes, mode);
}

std::string_view to_string(Pow2 pow2) {
  return word_of(kPow2s, pow2);
}

std::string_view to_string(Ste ste) {
  return word_of(kStes, ste);
}

RoundMode parse_round_mode(std::string_view text) {
  return parse_word(kRoundModes, text, "round_mode");
}

Pow2 parse_pow2(std::string_view text) {
  return parse_word(kPow2s, text, "pow2");
}

Ste parse_ste(std::string_view text) {
  return parse_word(kStes, text, "ste");
}

int64_t QuantFormat::qmin() const {
  const int64_t lowest = is_signed() ? -(int64_t{1} << (bits - 1)) : 0;
  return lowest + (narrow_range ? 1 : 0);
}

int64_t QuantFormat::qmax() const {
  return (int64_t{1} << (is_signed() ? bits - 1 : bits)) - 1;
}

int64_t QuantFormat::steps() const {
  return qmax() - qmin();
}

float QuantFormat::largest_float() const {
  const auto nearest = static_cast<float>(qmax());
  return static_cast<int64_t>(nearest) > qmax() ? std::nextafter(nearest, 0.0f) : nearest;
}

void QuantFormat::validate(std::string_view where) const {
  switch (dtype) {
    case DType::kInt8:
    case DType::kUInt8:
      OCTET_CHECK(bits >= 2 && bits <= 8, where, "{} holds 2 to 8 bits, not {}", to_string(dtype),
                  bits);
      return;
    case DType::kInt16:
    case DType::kInt32:
      OCTET_CHECK(bits == 8 * size_of(dtype), where, "{} holds {} bits, not {}", to_string(dtype),
                  8 * size_of(dtype), bits);
      return;
    default:
      throw_error(where, "{} is not one of the quantized types int8, uint8, int16, int32",
                  to_string(dtype));
  }
}

QuantFormat full_format(DType dtype) {
  return {.dtype = dtype, .bits = static_cast<int>(8 * size_of(dtype))};
}

}  // namespace octet
