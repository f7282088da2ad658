// Stages the input of a part: see convolution_plan.h. Included once for each instruction set.
#if defined(OCTET_KERNELS_STAGE_INPUT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_STAGE_INPUT_INL_H
#undef OCTET_KERNELS_STAGE_INPUT_INL_H
#else
#define OCTET_KERNELS_STAGE_INPUT_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "octet/kernels/convolution_plan.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A vector of x as elements of what is staged: int16, or the bytes as they are.
template <class Tag, class T>
HWY_INLINE hn::Vec<Tag> load_as(Tag tag, const T* x) {
  const hn::Rebind<T, Tag> narrow;
  if constexpr (sizeof(hn::TFromD<Tag>) == sizeof(T)) {
    return hn::BitCast(tag, hn::LoadU(narrow, x));
  } else {
    return hn::PromoteTo(tag, hn::LoadU(narrow, x));
  }
}

// As many vectors as fit into `count`, from `i` on; returns the first that is left.
template <size_t kMost, class T, class Staged>
HWY_INLINE int64_t centre_vectors(const T* x, Staged zero_point, int64_t i, int64_t count,
                                  Staged* y) {
  const hn::CappedTag<Staged, kMost> tag;
  const auto zero = hn::Set(tag, zero_point);
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Sub(load_as(tag, x + i), zero), tag, y + i);
  }
  return i;
}

// y = x - zero_point
template <class T, class Staged>
HWY_INLINE void centre(const T* x, Staged zero_point, int64_t count, Staged* y) {
  int64_t i = sizeof(Staged) == 1 ? centre_vectors<64>(x, zero_point, 0, count, y) : 0;
  if (sizeof(Staged) == 1) i = centre_vectors<32>(x, zero_point, i, count, y);
  i = centre_vectors<16>(x, zero_point, i, count, y);
  i = centre_vectors<8>(x, zero_point, i, count, y);
  for (; i < count; ++i) y[i] = static_cast<Staged>(x[i] - zero_point);
}

// The columns of one staged row that lie in the image, [begin, end).
struct StagedColumns {
  int64_t begin, end;
};

HWY_INLINE StagedColumns columns_inside(const ConvolutionPlan& plan) {
  const ConvolutionShape& s = plan.shape;
  const int64_t step = plan.staged_column_step;
  const int64_t begin = (s.pad_left + step - 1) / step;
  const int64_t end = (s.in_width + s.pad_left + step - 1) / step;
  return {std::min(begin, plan.staged_columns),
          std::clamp<int64_t>(end, begin, plan.staged_columns)};
}

// `count` channels that lie side by side in x, for `columns` columns.
template <class T, class Staged>
HWY_INLINE void stage_columns(const T* x, int64_t x_step, Staged zero_point, int64_t count,
                              int64_t columns, Staged* y, int64_t y_step) {
  if (count == x_step && count == y_step) {
    centre(x, zero_point, columns * count, y);
  } else if (count == 1) {
    for (int64_t i = 0; i < columns; ++i) {
      y[i * y_step] = static_cast<Staged>(x[i * x_step] - zero_point);
    }
  } else if (count == 8) {
    for (int64_t i = 0; i < columns; ++i) centre(x + i * x_step, zero_point, 8, y + i * y_step);
  } else {
    for (int64_t i = 0; i < columns; ++i) centre(x + i * x_step, zero_point, count, y + i * y_step);
  }
}

#if HWY_TARGET == HWY_AVX2

inline constexpr int64_t kBlocksTogether = 4;

// Four blocks of eight channels, `block` elements apart, become (column, 32 channels), with y_step
// elements from column to column.
template <class T, class Staged>
HWY_INLINE void stage_blocks(const T* x, int64_t block, Staged zero_point, int64_t columns,
                             Staged* y, int64_t y_step) {
  const hn::FixedTag<uint64_t, 4> eights;
  const hn::Repartition<T, decltype(eights)> bytes;
  const hn::FixedTag<Staged, 32 / sizeof(Staged)> tag;
  const hn::FixedTag<T, 32 / sizeof(Staged)> part;
  const auto zero = hn::Set(tag, zero_point);
  const auto read = [&](int64_t b, int64_t column) {
    return hn::BitCast(eights, hn::LoadU(bytes, x + b * block + 8 * column));
  };
  const auto store = [&](auto column, int64_t index) {
    Staged* to = y + index * y_step;
    const auto values = hn::BitCast(bytes, column);
    if constexpr (sizeof(Staged) == 1) {
      hn::StoreU(hn::Sub(hn::BitCast(tag, values), zero), tag, to);
    } else {
      hn::StoreU(hn::Sub(hn::PromoteTo(tag, hn::LowerHalf(part, values)), zero), tag, to);
      hn::StoreU(hn::Sub(hn::PromoteTo(tag, hn::UpperHalf(part, values)), zero), tag, to + 16);
    }
  };
  int64_t i = 0;
  for (; i + 4 <= columns; i += 4, y += 4 * y_step) {
    const auto a = read(0, i), b = read(1, i), c = read(2, i), d = read(3, i);
    // The eights of columns 0 and 2, and of 1 and 3, of two blocks each.
    const auto ab_even = hn::InterleaveLower(eights, a, b);
    const auto ab_odd = hn::InterleaveUpper(eights, a, b);
    const auto cd_even = hn::InterleaveLower(eights, c, d);
    const auto cd_odd = hn::InterleaveUpper(eights, c, d);
    store(hn::ConcatLowerLower(eights, cd_even, ab_even), 0);
    store(hn::ConcatLowerLower(eights, cd_odd, ab_odd), 1);
    store(hn::ConcatUpperUpper(eights, cd_even, ab_even), 2);
    store(hn::ConcatUpperUpper(eights, cd_odd, ab_odd), 3);
  }
  for (; i < columns; ++i, y += y_step) {
    for (int64_t b = 0; b < kBlocksTogether; ++b) {
      centre(x + b * block + 8 * i, zero_point, 8, y + 8 * b);
    }
  }
}

#else

inline constexpr int64_t kBlocksTogether = 0;

template <class T, class Staged>
HWY_INLINE void stage_blocks(const T*, int64_t, Staged, int64_t, Staged*, int64_t) {}

#endif

// Three planes, `plane` elements apart, become (column, 3): what the first layer of most networks
// reads.
template <class T, class Staged>
HWY_INLINE void stage_planes(const T* x, int64_t plane, Staged zero_point, int64_t columns,
                             Staged* y) {
  const hn::CappedTag<Staged, 16> tag;
  const auto zero = hn::Set(tag, zero_point);
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) {
    hn::StoreInterleaved3(hn::Sub(load_as(tag, x + i), zero),
                          hn::Sub(load_as(tag, x + plane + i), zero),
                          hn::Sub(load_as(tag, x + 2 * plane + i), zero), tag, y + 3 * i);
  }
  for (; i < columns; ++i) {
    for (int64_t c = 0; c < 3; ++c) {
      y[3 * i + c] = static_cast<Staged>(x[c * plane + i] - zero_point);
    }
  }
}

// What is taken from x, and what stands for the padding.
template <class Staged>
struct StagedValues {
  Staged zero_point;
  Staged padding;
};

// Channels [first, first + count) of an image row, `step` elements from column to column.
template <class T, class Staged>
void stage_row(const ConvolutionPlan& plan, const T* x, StagedValues<Staged> values, int64_t image,
               int64_t image_row, int64_t first, int64_t count, Staged* staged, int64_t step) {
  const Staged zero_point = values.zero_point;
  const auto [begin, end] = columns_inside(plan);
  if (image_row < 0 || image_row >= plan.shape.in_height || begin >= end) {
    std::fill_n(staged, plan.staged_columns * step, values.padding);
    return;
  }
  std::fill_n(staged, begin * step, values.padding);
  std::fill_n(staged + end * step, (plan.staged_columns - end) * step, values.padding);
  const int64_t column = begin * plan.staged_column_step - plan.shape.pad_left;
  const int64_t pixel = image_row * plan.shape.in_width + column;
  const int64_t last = first + count;
  if (plan.in.lanes == 1 && count == 3 && step == 3 && plan.staged_column_step == 1) {
    return stage_planes(x + plan.in.offset(image, first, pixel), plan.in.pixels, zero_point,
                        end - begin, staged + begin * step);
  }
  int64_t channel = first;
  if constexpr (kBlocksTogether > 0) {
    constexpr int64_t kChannels = kBlocksTogether * 8;
    const bool blocks = plan.in.lanes == 8 && first % 8 == 0 && plan.staged_column_step == 1;
    for (; blocks && channel + kChannels <= last; channel += kChannels) {
      stage_blocks(x + plan.in.offset(image, channel, pixel), plan.in.pixels * 8, zero_point,
                   end - begin, staged + begin * step + (channel - first), step);
    }
  }
  while (channel < last) {
    const int64_t together = std::min(plan.in.lanes - channel % plan.in.lanes, last - channel);
    stage_columns(x + plan.in.offset(image, channel, pixel),
                  plan.in.lanes * plan.staged_column_step, zero_point, together, end - begin,
                  staged + begin * step + (channel - first), step);
    channel += together;
  }
}

// Channels [first, first + count) for all rows of a part, `step` elements from column to column.
template <class T, class Staged>
void stage_channels(const ConvolutionPlan& plan, const ConvolutionPart& part, const T* x,
                    StagedValues<Staged> values, int64_t first, int64_t count, Staged* staged,
                    int64_t step) {
  const ConvolutionShape& s = plan.shape;
  const int64_t rows = plan.staged_rows(part.rows);
  for (int64_t image = part.image; image < part.image + part.images; ++image) {
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t image_row = part.row * s.stride_h + row * plan.staged_row_step - s.pad_top;
      stage_row(plan, x, values, image, image_row, first, count, staged, step);
      staged += plan.staged_columns * step;
    }
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
