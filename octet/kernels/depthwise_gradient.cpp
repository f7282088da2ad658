#include "octet/kernels/depthwise_gradient.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/depthwise_gradient.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/channel_sums.h"
#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Sums of eight channels, several side by side so that additions need not wait for each other.
class EightSums {
 public:
  HWY_INLINE EightSums() {
    for (auto& eight : sums_) {
      for (FloatVector& vector : eight) vector = set(0);
    }
  }

  // Adds a * b of `count` pixels, which lie `stride` pixels apart in a and side by side in b.
  HWY_INLINE void add_products(const float* a, int64_t stride, const float* b, int64_t count) {
    int64_t i = 0;
    for (; i + kSums <= count; i += kSums) {
      for (int s = 0; s < kSums; ++s) add(s, a + (i + s) * stride * kEight, b + (i + s) * kEight);
    }
    for (; i < count; ++i) add(0, a + i * stride * kEight, b + i * kEight);
  }

  HWY_INLINE void store(float* sums) const {
    for (int v = 0; v < kVectors; ++v) {
      const FloatVector low = hn::Add(sums_[0][v], sums_[1][v]);
      const FloatVector high = hn::Add(sums_[2][v], sums_[3][v]);
      hn::StoreU(hn::Add(low, high), FloatTag(), sums + v * kLanes);
    }
  }

 private:
  static constexpr int kSums = 4;

  HWY_INLINE void add(int s, const float* a, const float* b) {
    for (int v = 0; v < kVectors; ++v) {
      sums_[s][v] = hn::MulAdd(load(a + v * kLanes), load(b + v * kLanes), sums_[s][v]);
    }
  }

  FloatVector sums_[kSums][kVectors];
};

// The positions of the output whose place `k` of the window lies inside of the image.
struct Positions {
  int64_t first, last;

  Positions(int64_t k, int64_t dilation, int64_t stride, int64_t pad, int64_t in, int64_t out) {
    const int64_t offset = k * dilation - pad;  // of the input at output position 0
    first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    last = offset >= in ? 0 : std::min(out, (in - 1 - offset) / stride + 1);
    first = std::min(first, last);
  }
};

// One place of the window, of one block of channels; x and dy: that block of the first image.
void window_place(const ConvolutionShape& s, const float* x, const float* dy, int64_t i, int64_t j,
                  int64_t image_x, int64_t image_y, float* eight) {
  const Positions rows(i, s.dilation_h, s.stride_h, s.pad_top, s.in_height, s.out_height);
  const Positions columns(j, s.dilation_w, s.stride_w, s.pad_left, s.in_width, s.out_width);
  EightSums sums;
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t oh = rows.first; oh < rows.last; ++oh) {
      const int64_t ih = oh * s.stride_h + i * s.dilation_h - s.pad_top;
      const int64_t iw = columns.first * s.stride_w + j * s.dilation_w - s.pad_left;
      sums.add_products(x + n * image_x + (ih * s.in_width + iw) * kEight, s.stride_w,
                        dy + n * image_y + (oh * s.out_width + columns.first) * kEight,
                        columns.last - columns.first);
    }
  }
  sums.store(eight);
}

void block_gradient(const ConvolutionShape& s, const float* x, const float* dy, int64_t block,
                    float* dw, float* dbias) {
  const int64_t plane_x = s.in_height * s.in_width * kEight;
  const int64_t plane_y = s.out_height * s.out_width * kEight;
  const int64_t blocks = s.in_channels / kEight, places = s.kernel_h * s.kernel_w;
  float eight[kEight];
  for (int64_t place = 0; dw != nullptr && place < places; ++place) {
    window_place(s, x + block * plane_x, dy + block * plane_y, place / s.kernel_w,
                 place % s.kernel_w, blocks * plane_x, blocks * plane_y, eight);
    for (int64_t lane = 0; lane < kEight; ++lane) {
      dw[(block * kEight + lane) * places + place] = eight[lane];
    }
  }
  if (dbias == nullptr) return;
  const ChannelPlaces dy_places{
      .channels = s.in_channels, .pixels = s.out_height * s.out_width, .lanes = kEight};
  sum_channels(dy_places, s.batch, dy, block * kEight, dbias + block * kEight);
}

void depthwise_backward_weights_simd(const ConvolutionShape& s, const float* x, const float* dy,
                                     float* dw, float* dbias) {
#pragma omp parallel for
  for (int64_t block = 0; block < s.in_channels / kEight; ++block) {
    block_gradient(s, x, dy, block, dw, dbias);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(depthwise_backward_weights_simd);

void depthwise_backward_weights(const ConvolutionShape& shape, const float* x, const float* dy,
                                float* dw, float* dbias) {
  HWY_DYNAMIC_DISPATCH(depthwise_backward_weights_simd)(shape, x, dy, dw, dbias);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
