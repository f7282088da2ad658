#include "octet/kernels/quantize_blocks.h"

#include <algorithm>
#include <atomic>

#include "octet/kernels/whole_multiples.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/quantize_blocks.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

inline constexpr int64_t kBlock = 16;

// Calls body(eight of the blocks, the same eight with the channels last) for pixels [begin, end) of
// an image, by blocks.
template <class Body>
HWY_INLINE void for_eights(const BlockedImages& images, int64_t image, int64_t begin, int64_t end,
                           const Body& body) {
  const int64_t blocks = images.channels / kBlock;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t from = ((image * blocks + block) * images.pixels + p) * kBlock;
      const int64_t to = (image * images.pixels + p) * images.channels + block * kBlock;
      body(from, to);
      body(from + kEight, to + kEight);
    }
  }
}

template <bool kHalfAway, bool kActivates>
bool quantize_pixels(const float* x, const BlockedImages& images, int64_t image, int64_t begin,
                     int64_t end, const Requantization& output, float scale, uint8_t* q,
                     uint8_t* passes) {
  const QuantizeEight<kHalfAway, kActivates> quantize(output, scale);
  Wild wild;
  for_eights(images, image, begin, end, [=, &wild](int64_t from, int64_t to) {
    const uint8_t bits = quantize([=](int v) { return load(x + from + v * kLanes); }, q + to, wild);
    if (passes != nullptr) passes[to / 8] = bits;
  });
  return !wild.any();
}

bool quantize_pixels_simd(const float* x, const BlockedImages& images, int64_t image, int64_t begin,
                          int64_t end, const Requantization& output, float scale, uint8_t* q,
                          uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  const auto quantize = output.activation == Activation::kNone
                            ? (away ? quantize_pixels<true, false> : quantize_pixels<false, false>)
                            : (away ? quantize_pixels<true, true> : quantize_pixels<false, true>);
  return quantize(x, images, image, begin, end, output, scale, q, passes);
}

void backward_pixels_simd(const Gradient& dy, const BlockedImages& images, int64_t image,
                          int64_t begin, int64_t end, const uint8_t* passes, float factor,
                          float* dx) {
  with_elements(dy, [&](const auto* gradient) {
    for_eights(images, image, begin, end, [=](int64_t to, int64_t from) {
      for (int v = 0; v < kVectors; ++v) {
        const FloatVector scaled = hn::Mul(load(gradient + from + v * kLanes), set(factor));
        store(where_set(passes[from / 8], v, scaled), dx + to + v * kLanes);
      }
    });
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(quantize_pixels_simd);
HWY_EXPORT(backward_pixels_simd);

namespace {

// Of one task: with a few hundred channels they stay in the second-level cache.
constexpr int64_t kPixels = 64;

// Calls body(image, first pixel, the one behind the last).
template <class Body>
void for_pixels(const BlockedImages& images, const Body& body) {
  const int64_t pieces = divided_up(images.pixels, kPixels), tasks = images.images * pieces;
#pragma omp parallel for if (tasks > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    const int64_t begin = task % pieces * kPixels;
    body(task / pieces, begin, std::min(images.pixels, begin + kPixels));
  }
}

}  // namespace

bool quantize_blocks(const float* x, const BlockedImages& images, const Requantization& output,
                     float scale, void* q, uint8_t* passes) {
  std::atomic<bool> finite = true;
  for_pixels(images, [&](int64_t image, int64_t begin, int64_t end) {
    if (!HWY_DYNAMIC_DISPATCH(quantize_pixels_simd)(x, images, image, begin, end, output, scale,
                                                    static_cast<uint8_t*>(q), passes)) {
      finite = false;
    }
  });
  return finite;
}

void quantize_blocks_backward(const Gradient& dy, const BlockedImages& images,
                              const uint8_t* passes, float factor, float* dx) {
  for_pixels(images, [&](int64_t image, int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(backward_pixels_simd)(dy, images, image, begin, end, passes, factor, dx);
  });
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
