#include "octet/kernels/integer_convolution.h"

#include <omp.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/kernels/instruction_set.h"
#include "octet/kernels/pack_weights.h"

namespace octet::kernels {

namespace {

// What the dense layers of this processor multiply. rectified: no x is below its zero point.
Multiplicand multiplicand_of(bool signed_activations, bool rectified) {
  if (has_vnni()) return Multiplicand::kVnni;
  return rectified && signed_activations && has_byte_products() ? Multiplicand::kBytes
                                                                : Multiplicand::kInt16;
}

// As many as the second-level caches of a few processors do not hold.
constexpr int64_t kStreamedFloats = 1 << 21;

const int32_t* values_of(std::span<const int32_t> values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

IntegerConvolution::IntegerConvolution(const ConvolutionShape& shape, bool signed_activations,
                                       Layout in_layout, Layout out_layout, bool rectified)
    : threads_(omp_get_max_threads()),
      plan_(plan_convolution(shape, signed_activations, in_layout, out_layout, threads_,
                             multiplicand_of(signed_activations, rectified))),
      parts_(convolution_parts(plan_)),
      factors_(shape.out_channels),
      scales_(shape.out_channels) {
  const bool dense = !plan_.depthwise && !plan_.winograd;
  if (rectified && dense && !is_vnni() && has_byte_products()) bytes_.emplace(plan_);
  if (is_vnni()) first_sums_.resize(plan_.panels() * kPanelChannels);
  biased_first_sums_ = first_sums_;
  for (int thread = 0; thread < threads_; ++thread) {
    staged_.emplace_back(plan_.staged_size());
    sums_.emplace_back(plan_.sums_size());
  }
}

void IntegerConvolution::pack_weights(const int8_t* weights, int32_t x_zero_point) {
  pack(weights, x_zero_point);
}

void IntegerConvolution::pack_weights(const float* weights, int32_t x_zero_point) {
  pack(weights, x_zero_point);
}

template <class Weight>
void IntegerConvolution::pack(const Weight* weights, int32_t x_zero_point) {
  const int threads = std::min(threads_, omp_get_max_threads());
  const int32_t highest_x = (plan_.is_signed ? 127 : 255) - x_zero_point;
  packed_zero_point_ = x_zero_point;
  if (bytes_ && bytes_->pack(plan_, weights, highest_x, threads)) return;
  bytes_.reset();  // weights change little from one time to the next
  if (weights_.data() == nullptr) {
    weights_ = AlignedBuffer<int16_t>(plan_.panels() * plan_.panel_size);
  }
  if (is_vnni()) {
    return pack_vnni_weights(plan_, weights, x_zero_point - plan_.lowest_x(), threads,
                             {reinterpret_cast<int8_t*>(weights_.data()), first_sums_.data()});
  }
  pack_convolution_weights(plan_, weights, threads, weights_.data());
}

void IntegerConvolution::set_factors(const Requantization& requantization) {
  Requantization rest = requantization;
  rest.bias = left_of_bias(requantization.bias);
  factors_.set(rest);
}

std::span<const int32_t> IntegerConvolution::left_of_bias(std::span<const int32_t> bias) {
  if (!is_vnni()) return bias;
  biased_first_sums_ = first_sums_;
  const auto channels = static_cast<int64_t>(bias.size());
  int32_t* section = biased_first_sums_.data();
  for (int64_t first = 0; first < channels; first += plan_.section_out) {
    const int64_t count = std::min(plan_.section_out, channels - first);
    for (int64_t i = 0; i < count; ++i) {
      // Sums wrap around, as those of the definition do.
      section[i] = static_cast<int32_t>(static_cast<uint32_t>(section[i]) +
                                        static_cast<uint32_t>(bias[first + i]));
    }
    section += plan_.section_panels * kPanelChannels;
  }
  return {};
}

void IntegerConvolution::run(const void* x, int32_t x_zero_point,
                             const Requantization& requantization, void* y, uint8_t* passes) {
  set_factors(requantization);
  convolve(x, x_zero_point,
           {.kind = ConvolutionOutput::Kind::kIntegers,
            .y = y,
            .passes = passes,
            .factors = &factors_,
            .constants = rounding_constants(requantization)});
}

void IntegerConvolution::run_and_add(const void* x, int32_t x_zero_point,
                                     const Requantization& requantization, const AddedValue& added,
                                     void* y) {
  OCTET_INTERNAL_CHECK(requantization.round_mode == added.output.round_mode);
  set_factors(requantization);
  // In steps: division keeps the order of real numbers, and so gives the same where 6 cuts.
  Requantization sum = added.output;
  sum.six /= added.y_scale;
  convolve(x, x_zero_point,
           {.kind = ConvolutionOutput::Kind::kIntegers,
            .y = y,
            .factors = &factors_,
            .constants = rounding_constants(sum),
            .added = &added,
            .own_constants = rounding_constants(requantization)});
}

void IntegerConvolution::accumulate(const void* x, int32_t x_zero_point,
                                    std::span<const int32_t> bias, int32_t* acc) {
  convolve(x, x_zero_point,
           {.kind = ConvolutionOutput::Kind::kIntegerSums,
            .y = acc,
            .bias = values_of(left_of_bias(bias))});
}

void IntegerConvolution::accumulate(const void* x, int32_t x_zero_point,
                                    std::span<const int32_t> bias, float* acc,
                                    std::span<const float> scale, double* moments) {
  if (moments != nullptr) std::fill_n(moments, moments_size(), 0.0);
  if (!scale.empty()) {
    OCTET_INTERNAL_CHECK(scale.size() == 1 || scale.size() == scales_.size());
    for (size_t c = 0; c < scales_.size(); ++c) scales_[c] = scale[scale.size() == 1 ? 0 : c];
  }
  convolve(x, x_zero_point,
           {.kind = ConvolutionOutput::Kind::kFloatSums,
            .y = acc,
            .bias = values_of(left_of_bias(bias)),
            .scale = scale.empty() ? nullptr : scales_.data(),
            .streams = plan_.out.channels * plan_.out.pixels * plan_.shape.batch > kStreamedFloats,
            .moments = moments});
}

void IntegerConvolution::convolve(const void* x, int32_t x_zero_point,
                                  const ConvolutionOutput& output) {
  OCTET_INTERNAL_CHECK(!(bytes_ || is_vnni()) || x_zero_point == packed_zero_point_);
  const ConvolutionCall call{.x = x,
                             .x_zero_point = x_zero_point,
                             .weights = weights_.data(),
                             .bytes = bytes_ ? &*bytes_ : nullptr,
                             .first_sums = biased_first_sums_.data(),
                             .output = output};
  const auto parts = static_cast<int64_t>(parts_.size());
  const auto threads =
      static_cast<int>(std::min<int64_t>(parts, std::min(threads_, omp_get_max_threads())));
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const int thread = omp_get_thread_num();
    ConvolutionPart last;  // of this thread
#pragma omp for schedule(dynamic)
    for (int64_t i = 0; i < parts; ++i) {
      const bool is_staged = plan_.sections == 1 && parts_[i].at_place_of(last);
      convolve_part(plan_, call, parts_[i], is_staged, staged_[thread].data(),
                    sums_[thread].data());
      last = parts_[i];
    }
  }
}

std::string_view IntegerConvolution::products() const {
  if (plan_.winograd) return "winograd";
  if (is_vnni()) return "vnni";
  return bytes_ ? "int8" : "int16";
}

}  // namespace octet::kernels
