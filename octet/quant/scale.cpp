#include "octet/quant/scale.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "octet/base/error.h"
#include "octet/base/logging.h"

namespace octet {
namespace {

float unrounded_scale(float minimum, float maximum, const QuantFormat& format, bool symmetric) {
  if (!symmetric) {
    return (std::max(maximum, 0.0f) - std::min(minimum, 0.0f)) / static_cast<float>(format.steps());
  }
  if (!format.is_signed()) return std::max(maximum, 0.0f) / static_cast<float>(format.qmax());
  return 2 * std::max(std::abs(minimum), std::abs(maximum)) / static_cast<float>(format.steps());
}

// Whether even the smallest scale makes every value of the range 0.
bool has_only_zeros(float minimum, float maximum, const QuantFormat& format, bool symmetric) {
  const bool one_sided = symmetric && !format.is_signed();
  const float largest = one_sided ? maximum : std::max(std::abs(minimum), std::abs(maximum));
  return largest <= kTinyScale / 2;
}

// The lower median of the scales, or if there is none the scale of a range of 1.
float scale_without_meaning(std::vector<float> others, const QuantFormat& format, bool symmetric,
                            Pow2 pow2) {
  if (others.empty()) {
    return std::max(round_to_power_of_two(unrounded_scale(0, 1, format, symmetric), pow2),
                    kTinyScale);
  }
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>((others.size() - 1) / 2);
  std::nth_element(others.begin(), middle, others.end());
  return *middle;
}

float zero_point_for(float minimum, float scale, const QuantFormat& format) {
  const auto lowest = static_cast<float>(format.qmin());
  const float zero_point = std::nearbyint(lowest - std::min(minimum, 0.0f) / scale);
  return std::clamp(zero_point, lowest, format.largest_float());
}

at::Tensor on_host(const at::Tensor& t) {
  return t.detach().to(at::kCPU, at::kFloat).contiguous();
}

void note(ScaleWarnings::Kind& kind, std::string_view where, int64_t affected, int64_t total) {
  if (affected == 0) return;
  if (kind.values++ == 0) kind = {1, std::string(where), affected, total};
}

// One value: which of its ranges. More: how many, and the first.
void log_kind(const ScaleWarnings::Kind& kind, int64_t values, std::string_view where,
              std::string_view are, const std::string& consequence) {
  if (kind.values == 1) {
    log_warning("[{}] {} of {} ranges {}{}", kind.first, kind.first_ranges, kind.first_total, are,
                consequence);
  } else if (kind.values > 1) {
    log_warning("[{}] {} of {} values have ranges that {}, the first is {}{}", where, kind.values,
                values, are, kind.first, consequence);
  }
}

}  // namespace

void ScaleWarnings::report(std::string_view where) const {
  log_kind(tiny, values, where, "are zero or nearly so",
           "; a substitute stands in for their scale");
  log_kind(negative, values, where, "hold negative values",
           ", which uint8 with zero point 0 makes 0");
}

// With scale = f * 2^exponent and f in [0.5, 1), log2 is in [exponent - 1, exponent), and its
// middle is where f = sqrt(0.5): every case is exact, which a logarithm in floats is not.
float round_to_power_of_two(float scale, Pow2 pow2) {
  if (pow2 == Pow2::NOTROUND || scale == 0) return scale;
  int exponent = 0;
  const float fraction = std::frexp(scale, &exponent);
  const bool up =
      pow2 == Pow2::CEIL ? fraction > 0.5f : pow2 == Pow2::ROUND && fraction > 0.70710677f;
  return std::ldexp(1.0f, up ? exponent : exponent - 1);
}

ScaleZeroPoint choose_scale(const Range& range, const QuantFormat& format, bool symmetric,
                            Pow2 pow2, std::string_view where, ScaleWarnings* warnings) {
  format.validate(where);
  OCTET_CHECK(!(symmetric && !format.is_signed() && format.narrow_range), where,
              "narrow_range leaves 0 out of uint8, and a symmetric scale needs it");
  OCTET_INTERNAL_CHECK(range.minimum.sizes() == range.maximum.sizes());
  const at::Tensor minima = on_host(range.minimum);
  const at::Tensor maxima = on_host(range.maximum);
  at::Tensor scales = at::empty_like(minima);
  at::Tensor zero_points = at::zeros_like(minima);
  const int64_t n = minima.numel();
  int64_t num_tiny = 0;
  int64_t num_negative = 0;
  std::vector<float> meaningful;
  for (int64_t i = 0; i < n; ++i) {
    const float minimum = minima.data_ptr<float>()[i];
    const float maximum = maxima.data_ptr<float>()[i];
    OCTET_CHECK(std::isfinite(minimum) && std::isfinite(maximum), where,
                "the range [{}, {}] is not finite", minimum, maximum);
    const float scale =
        round_to_power_of_two(unrounded_scale(minimum, maximum, format, symmetric), pow2);
    OCTET_CHECK(std::isfinite(scale), where, "the range [{}, {}] is too wide for a float32 scale",
                minimum, maximum);
    num_tiny += scale < kTinyScale;
    num_negative += symmetric && !format.is_signed() && minimum < 0;
    // 0 until all are known.
    const bool zeros = scale < kTinyScale && has_only_zeros(minimum, maximum, format, symmetric);
    scales.data_ptr<float>()[i] = zeros ? 0 : std::max(scale, kTinyScale);
    if (!zeros) meaningful.push_back(scales.data_ptr<float>()[i]);
  }
  const float substitute = scale_without_meaning(std::move(meaningful), format, symmetric, pow2);
  for (int64_t i = 0; i < n; ++i) {
    float& scale = scales.data_ptr<float>()[i];
    if (scale == 0) scale = substitute;
    if (symmetric) continue;
    zero_points.data_ptr<float>()[i] = zero_point_for(minima.data_ptr<float>()[i], scale, format);
  }
  ScaleWarnings own;
  ScaleWarnings& found = warnings != nullptr ? *warnings : own;
  ++found.values;
  note(found.tiny, where, num_tiny, n);
  note(found.negative, where, num_negative, n);
  if (warnings == nullptr) own.report(where);
  return {scales.to(range.minimum.device()), zero_points.to(range.minimum.device())};
}

at::Tensor bias_scale(const at::Tensor& scale_x, const at::Tensor& scale_w, int64_t repeats) {
  OCTET_INTERNAL_CHECK(scale_x.numel() == 1);
  const at::Tensor scale = scale_x.reshape({}) * scale_w;
  return repeats == 1 || scale.numel() == 1 ? scale : scale.flatten().repeat({repeats});
}

Range union_of(std::span<const Range> ranges) {
  OCTET_INTERNAL_CHECK(!ranges.empty());
  Range result = ranges.front();
  for (const Range& range : ranges.subspan(1)) {
    OCTET_INTERNAL_CHECK(range.minimum.sizes() == result.minimum.sizes());
    result.minimum = at::minimum(result.minimum, range.minimum);
    result.maximum = at::maximum(result.maximum, range.maximum);
  }
  return result;
}

at::Tensor align_to_axis(const at::Tensor& values, int64_t axis, int64_t rank) {
  OCTET_INTERNAL_CHECK(axis < rank && (axis >= 0 || values.numel() == 1));
  std::vector<int64_t> shape(static_cast<size_t>(rank), 1);
  if (axis >= 0) shape[static_cast<size_t>(axis)] = values.numel();
  return values.reshape(shape);
}

}  // namespace octet
