#include "octet/kernels/depthwise_gradients_part.h"

#include <algorithm>

#include "octet/kernels/equal_tiles.h"
#include "octet/kernels/whole_multiples.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/depthwise_gradients_part.cpp"
#include "octet/kernels/simd_targets.h"

#include <hwy/cache_control.h>
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

using GroupTag = hn::CappedTag<float, kDepthwiseGroup>;
inline constexpr int kGroupLanes = hn::MaxLanes(GroupTag());
// Taps whose sums and weights stay in registers together.
inline constexpr int kTapsTogether = 9;

// Where a tap reads, and its number in the window.
struct Tap {
  const float* from = nullptr;
  int64_t number = 0;
};

// A list of them that grows to kTapsTogether; `use` takes what is in it, and it is empty again.
class TapList {
 public:
  bool is_empty() const { return size_ == 0; }
  bool is_full() const { return size_ == kTapsTogether; }
  void add(const Tap& tap) { taps_[size_++] = tap; }
  template <class Use>
  void take(const Use& use) {
    if (size_ > 0) use(taps_, size_);
    size_ = 0;
  }

 private:
  Tap taps_[kTapsTogether];
  int64_t size_ = 0;
};

// sums[tap] += sum over pixels of tap * dy, of sixteen channels. x_step: floats from pixel to
// pixel.
template <int kTaps>
HWY_INLINE void add_products(const Tap* taps, int64_t group_offset, int64_t x_step, const float* dy,
                             int64_t pixels, float* sums, int64_t sums_step) {
  const GroupTag tag;
  for (int v = 0; v < kDepthwiseGroup; v += kGroupLanes) {
    hn::Vec<GroupTag> sum[kTaps];
    for (int t = 0; t < kTaps; ++t) {
      sum[t] = hn::LoadU(tag, sums + taps[t].number * sums_step + v);
    }
    for (int64_t p = 0; p < pixels; ++p) {
      const auto gradient = hn::LoadU(tag, dy + p * kDepthwiseGroup + v);
      for (int t = 0; t < kTaps; ++t) {
        const auto x = hn::LoadU(tag, taps[t].from + group_offset + p * x_step + v);
        sum[t] = hn::MulAdd(x, gradient, sum[t]);
      }
    }
    for (int t = 0; t < kTaps; ++t) {
      hn::StoreU(sum[t], tag, sums + taps[t].number * sums_step + v);
    }
  }
}

// dx[pixel] = (kAdds ? dx[pixel] : 0) + sum of taps * weights, of sixteen channels; `step` floats
// from pixel to pixel of dx. weights: (tap, weights_step).
template <int kTaps, bool kAdds>
HWY_INLINE void gather(const Tap* taps, int64_t group_offset, const float* weights,
                       int64_t weights_step, int64_t pixels, float* dx, int64_t step) {
  const GroupTag tag;
  for (int v = 0; v < kDepthwiseGroup; v += kGroupLanes) {
    hn::Vec<GroupTag> weight[kTaps];
    for (int t = 0; t < kTaps; ++t) {
      weight[t] = hn::LoadU(tag, weights + taps[t].number * weights_step + v);
    }
    for (int64_t p = 0; p < pixels; ++p) {
      float* const to = dx + p * step + v;
      auto sum = kAdds ? hn::LoadU(tag, to) : hn::Zero(tag);
      for (int t = 0; t < kTaps; ++t) {
        const auto gradient = hn::LoadU(tag, taps[t].from + group_offset + p * kDepthwiseGroup + v);
        sum = hn::MulAdd(gradient, weight[t], sum);
      }
      hn::StoreU(sum, tag, to);
    }
  }
}

class DepthwisePartRun {
 public:
  DepthwisePartRun(const ConvolutionShape& shape,
                   const IntegerDepthwiseGradients::Operands& operands, const DepthwisePart& part,
                   const DepthwiseRings& rings, const float* weights, const float* multiplier,
                   const Gradient& dx, float* sums, float* memory)
      : s_(shape),
        operands_(operands),
        part_(part),
        rings_(rings),
        weights_(weights + part.channel),
        multiplier_(multiplier + part.channel),
        dx_(dx),
        sums_(sums),
        x_ring_(memory),
        y_ring_(memory + rings_.x_rows * rings_.x_row()),
        zeros_(memory + rings_.zeros()),
        dx_row_(memory + rings_.dx_row()) {
    // What lies beside the image stays so.
    std::fill_n(memory, rings_.dx_row(), 0.0F);
    if (sums != nullptr) {
      std::fill_n(sums, (s_.kernel_h * s_.kernel_w + 1) * rings_.channels, 0.0F);
    }
  }

  void run() {
    int64_t next_x = 0, next_dx = 0;
    const int64_t reach = (s_.kernel_h - 1) * s_.dilation_h;
    for (int64_t row = 0; row < s_.out_height; ++row) {
      const int64_t first = row * s_.stride_h - s_.pad_top;
      with_elements(operands_.dy, [&](const auto* dy) { stage_dy(dy, row); });
      if (sums_ != nullptr) {
        const int64_t end = std::min(s_.in_height, first + reach + 1);
        for (next_x = std::max(next_x, first); next_x < end; ++next_x) stage_x(next_x);
        add_to_weights(row);
      }
      const int64_t done = std::min(s_.in_height, first + s_.stride_h);
      for (; next_dx < done; ++next_dx) finish_dx(next_dx);
    }
    for (; next_dx < s_.in_height; ++next_dx) finish_dx(next_dx);
  }

 private:
  float* x_row(int64_t row) const { return x_ring_ + row % rings_.x_rows * rings_.x_row(); }
  float* y_row(int64_t row) const { return y_ring_ + row % rings_.y_rows * rings_.y_row(); }
  int64_t groups() const { return part_.channels / kDepthwiseGroup; }

  // Calls body(pixel of the ring's row, first channel of the part) for eight channels at a time.
  template <class Body>
  HWY_INLINE void for_eights(int64_t pixels, const Body& body) const {
    for (int64_t p = 0; p < pixels; ++p) {
      for (int64_t c = 0; c < part_.channels; c += 8) body(p, c);
    }
  }
  // Where channel c of a pixel lies in a row of a ring.
  static int64_t place(int64_t columns, int64_t column, int64_t c) {
    return (c / kDepthwiseGroup * columns + column) * kDepthwiseGroup + c % kDepthwiseGroup;
  }

  // Asks for what the next row will read at the place of these eight, a cache line at a time.
  template <class T>
  static HWY_INLINE void look_ahead(const T* eight, int64_t row, int64_t channel) {
    constexpr int64_t kLine = 64 / sizeof(T);
    if (channel % kLine == 0) hwy::Prefetch(eight + row);
  }

  template <class T>
  void stage_dy(const T* dy, int64_t row) {
    const int64_t channels = s_.out_channels, bytes = (channels + 7) / 8;
    const int64_t first = (part_.image * s_.out_height + row) * s_.out_width;
    const T* const from = dy + first * channels + part_.channel;
    const uint8_t* const bits = operands_.passes == nullptr
                                    ? nullptr
                                    : operands_.passes + first * bytes + part_.channel / 8;
    float* const to = y_row(row);
    const float* const multiplier = multiplier_;
    const int64_t columns = rings_.y_columns, front = rings_.y_front;
    const int64_t row_step = s_.out_width * channels;
    for_eights(s_.out_width, [=](int64_t p, int64_t c) {
      look_ahead(from + p * channels + c, row_step, c);
      for (int v = 0; v < kVectors; ++v) {
        const int64_t at = c + v * kLanes;
        const FloatVector scaled = hn::Mul(load(from + p * channels + at), load(multiplier + at));
        const FloatVector gradient =
            bits == nullptr ? scaled : where_set(bits[p * bytes + c / 8], v, scaled);
        store(gradient, to + place(columns, front + p, at));
      }
    });
  }

  void stage_x(int64_t row) {
    if (operands_.is_signed) {
      stage_bytes(static_cast<const int8_t*>(operands_.x), row);
    } else {
      stage_bytes(static_cast<const uint8_t*>(operands_.x), row);
    }
  }

  template <class T>
  void stage_bytes(const T* x, int64_t row) {
    const int64_t channels = s_.in_channels;
    const T* const from =
        x + (part_.image * s_.in_height + row) * s_.in_width * channels + part_.channel;
    float* const to = x_row(row);
    const int64_t columns = rings_.x_columns, front = rings_.x_front;
    const int64_t row_step = s_.in_width * channels;
    const IntVector zero = hn::Set(IntTag(), operands_.x_zero_point);
    for_eights(std::min(s_.in_width, columns - front), [=](int64_t p, int64_t c) {
      const hn::Rebind<T, FloatTag> bytes;
      look_ahead(from + p * channels + c, row_step, c);
      for (int v = 0; v < kVectors; ++v) {
        const int64_t at = c + v * kLanes;
        const auto value = hn::PromoteTo(IntTag(), hn::LoadU(bytes, from + p * channels + at));
        store(hn::ConvertTo(FloatTag(), hn::Sub(value, zero)), to + place(columns, front + p, at));
      }
    });
  }

  // What a row of y adds to the gradients of the weights and of the bias.
  void add_to_weights(int64_t row) {
    const float* const dy = y_row(row) + rings_.y_front * kDepthwiseGroup;
    const int64_t x_step = s_.stride_w * kDepthwiseGroup;
    const auto add = [&](const Tap* taps, int64_t count) {
      for (int64_t g = 0; g < groups(); ++g) {
        with_size<kTapsTogether>(count, [&](auto size) {
          add_products<decltype(size)::value>(taps, g * rings_.x_columns * kDepthwiseGroup, x_step,
                                              dy + g * rings_.y_columns * kDepthwiseGroup,
                                              s_.out_width, sums_ + g * kDepthwiseGroup,
                                              rings_.channels);
        });
      }
    };
    TapList taps;
    for (int64_t y = 0; y < s_.kernel_h; ++y) {
      const int64_t x_at = row * s_.stride_h - s_.pad_top + y * s_.dilation_h;
      // Nothing comes of what lies beside the image.
      if (x_at < 0 || x_at >= s_.in_height) continue;
      for (int64_t x = 0; x < s_.kernel_w; ++x) {
        if (taps.is_full()) taps.take(add);
        taps.add({x_row(x_at) + x * s_.dilation_w * kDepthwiseGroup, y * s_.kernel_w + x});
      }
    }
    taps.take(add);
    add_to_bias(dy);
  }

  void add_to_bias(const float* dy) {
    const GroupTag tag;
    float* const sums = sums_ + s_.kernel_h * s_.kernel_w * rings_.channels;
    for (int64_t c = 0; c < part_.channels; c += kGroupLanes) {
      auto sum = hn::LoadU(tag, sums + c);
      for (int64_t p = 0; p < s_.out_width; ++p) {
        sum = hn::Add(sum, hn::LoadU(tag, dy + place(rings_.y_columns, p, c)));
      }
      hn::StoreU(sum, tag, sums + c);
    }
  }

  // A row of dx, whose columns come by what they leave when divided by the stride: all of one kind
  // are reached by the same taps.
  void finish_dx(int64_t row) {
    if (!dx_) return;
    for (int64_t phase = 0; phase < std::min(s_.stride_w, s_.in_width); ++phase) {
      gather_phase(row, phase);
    }
    with_elements(dx_, [&](auto* dx) {
      const int64_t channels = s_.in_channels, columns = rings_.dx_columns;
      const float* const from = dx_row_;
      auto* const to =
          dx + (part_.image * s_.in_height + row) * s_.in_width * channels + part_.channel;
      for_eights(s_.in_width, [=](int64_t p, int64_t c) {
        for (int v = 0; v < kVectors; ++v) {
          const int64_t at = c + v * kLanes;
          store(load(from + place(columns, p, at)), to + p * channels + at);
        }
      });
    });
  }

  void gather_phase(int64_t row, int64_t phase) {
    bool adds = false;
    const int64_t pixels = divided_up(s_.in_width - phase, s_.stride_w);
    const auto add = [&](const Tap* taps, int64_t count) {
      for (int64_t g = 0; g < groups(); ++g) {
        with_size<kTapsTogether>(count, [&](auto size) {
          constexpr int kTaps = decltype(size)::value;
          (adds ? gather<kTaps, true>
                : gather<kTaps, false>)(taps, g * rings_.y_columns * kDepthwiseGroup,
                                        weights_ + g * kDepthwiseGroup, s_.in_channels, pixels,
                                        dx_row_ + (g * rings_.dx_columns + phase) * kDepthwiseGroup,
                                        s_.stride_w * kDepthwiseGroup);
        });
      }
      adds = true;
    };
    TapList taps;
    for (int64_t y = 0; y < s_.kernel_h; ++y) {
      const int64_t down = row + s_.pad_top - y * s_.dilation_h;
      if (down < 0 || down % s_.stride_h != 0 || down / s_.stride_h >= s_.out_height) continue;
      const float* const dy = y_row(down / s_.stride_h) + rings_.y_front * kDepthwiseGroup;
      for (int64_t x = 0; x < s_.kernel_w; ++x) {
        const int64_t right = phase + s_.pad_left - x * s_.dilation_w;
        if (right % s_.stride_w != 0) continue;
        if (taps.is_full()) taps.take(add);
        taps.add({dy + right / s_.stride_w * kDepthwiseGroup, y * s_.kernel_w + x});
      }
    }
    // What no window reaches is a product with zeros.
    if (!adds && taps.is_empty()) taps.add({zeros_, 0});
    taps.take(add);
  }

  const ConvolutionShape& s_;
  const IntegerDepthwiseGradients::Operands& operands_;
  const DepthwisePart part_;
  const DepthwiseRings& rings_;
  const float* const weights_;
  const float* const multiplier_;
  const Gradient dx_;
  float* const sums_;
  float *const x_ring_, *const y_ring_, *const zeros_, *const dx_row_;
};

void depthwise_gradients_part_simd(const ConvolutionShape& shape,
                                   const IntegerDepthwiseGradients::Operands& operands,
                                   const DepthwisePart& part, const DepthwiseRings& rings,
                                   const float* weights, const float* multiplier,
                                   const Gradient& dx, float* sums, float* memory) {
  DepthwisePartRun(shape, operands, part, rings, weights, multiplier, dx, sums, memory).run();
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(depthwise_gradients_part_simd);

DepthwiseRings::DepthwiseRings(const ConvolutionShape& s, int64_t most_channels)
    : channels(most_channels) {
  const int64_t reach_w = (s.kernel_w - 1) * s.dilation_w;
  const int64_t reach_h = (s.kernel_h - 1) * s.dilation_h;
  x_front = s.pad_left;
  x_columns = (s.out_width - 1) * s.stride_w + reach_w + 1;
  x_rows = reach_h + 1;
  y_front = divided_up(std::max<int64_t>(0, reach_w - s.pad_left), s.stride_w);
  y_columns = y_front + std::max(s.out_width, (s.in_width - 1 + s.pad_left) / s.stride_w + 1);
  y_rows = reach_h / s.stride_h + 2;
  dx_columns = s.in_width;
}

void depthwise_gradients_part(const ConvolutionShape& shape,
                              const IntegerDepthwiseGradients::Operands& operands,
                              const DepthwisePart& part, const DepthwiseRings& rings,
                              const float* weights, const float* multiplier, const Gradient& dx,
                              float* sums, float* memory) {
  HWY_DYNAMIC_DISPATCH(depthwise_gradients_part_simd)
  (shape, operands, part, rings, weights, multiplier, dx, sums, memory);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
