#include "octet/kernels/integer_depthwise_gradients.h"

#include <omp.h>

#include <algorithm>

#include "octet/kernels/depthwise_gradients_part.h"
#include "octet/kernels/whole_multiples.h"

namespace octet::kernels {

namespace {

// Memory is read in its order where a part has all channels. So it does, unless the threads would
// have nothing to do, or its rows not fit into the second-level cache.
int64_t part_channels(const ConvolutionShape& s, int threads) {
  constexpr int64_t kRowFloats = 16 << 10;
  const int64_t blocks = std::max(divided_up(2 * threads, s.batch),
                                  divided_up(s.in_channels * s.in_width, kRowFloats));
  return rounded_up(divided_up(s.in_channels, blocks), kDepthwiseGroup);
}

}  // namespace

// Where what run() needs lies in its scratch, in floats.
struct IntegerDepthwiseGradients::Places {
  Places(const ConvolutionShape& s, int threads)
      : rings(s, part_channels(s, threads)),
        taps(s.kernel_h * s.kernel_w),
        blocks(divided_up(s.in_channels, rings.channels)),
        multiplier(taps * s.in_channels),
        sums(multiplier + s.in_channels),
        all_rings(sums + s.batch * blocks * part_sums()),
        size(all_rings + threads * rings.size()) {}

  int64_t part_sums() const { return (taps + 1) * rings.channels; }

  DepthwiseRings rings;
  int64_t taps, blocks;
  int64_t multiplier, sums, all_rings, size;  // the weights come first
};

bool IntegerDepthwiseGradients::fits(const ConvolutionShape& s, Layout in, Layout out) {
  return s.groups > 1 && s.groups == s.in_channels && s.groups == s.out_channels &&
         in == Layout::kChannelsLast && out == Layout::kChannelsLast &&
         s.in_channels % kDepthwiseGroup == 0;
}

IntegerDepthwiseGradients::IntegerDepthwiseGradients(const ConvolutionShape& shape)
    : shape_(shape), threads_(omp_get_max_threads()) {}

int64_t IntegerDepthwiseGradients::scratch_bytes() const {
  return Places(shape_, threads_).size * static_cast<int64_t>(sizeof(float));
}

void IntegerDepthwiseGradients::run(const Operands& operands, const Gradient& dx, float* dw,
                                    float* dbias, void* scratch) const {
  const Places places(shape_, threads_);
  const int64_t channels = shape_.in_channels, taps = places.taps;
  auto* const weights = static_cast<float*>(scratch);
  float* const multiplier = weights + places.multiplier;
  float* const sums = weights + places.sums;
  for (int64_t c = 0; c < channels; ++c) {
    multiplier[c] = operands.multiplier[operands.multiplier.size() == 1 ? 0 : c];
    for (int64_t tap = 0; tap < taps; ++tap) {
      weights[tap * channels + c] = operands.weights[c * taps + tap];
    }
  }
  const bool wants_sums = dw != nullptr || dbias != nullptr;
  const int64_t parts = shape_.batch * places.blocks, width = places.rings.channels;
  const int threads = std::min(threads_, omp_get_max_threads());
#pragma omp parallel for num_threads(threads) if (parts > 1)
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t channel = i % places.blocks * width;
    const DepthwisePart part{.image = i / places.blocks,
                             .channel = channel,
                             .channels = std::min(width, channels - channel)};
    float* const part_sums = wants_sums ? sums + i * places.part_sums() : nullptr;
    float* const memory = weights + places.all_rings + omp_get_thread_num() * places.rings.size();
    depthwise_gradients_part(shape_, operands, part, places.rings, weights, multiplier, dx,
                             part_sums, memory);
  }
  if (!wants_sums) return;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t tap = 0; tap <= taps; ++tap) {
      float sum = 0;
      for (int64_t image = 0; image < shape_.batch; ++image) {
        const int64_t part = image * places.blocks + c / width;
        sum += sums[part * places.part_sums() + tap * width + c % width];
      }
      if (tap < taps && dw != nullptr) dw[c * taps + tap] = sum;
      if (tap == taps && dbias != nullptr) dbias[c] = sum;
    }
  }
}

}  // namespace octet::kernels
