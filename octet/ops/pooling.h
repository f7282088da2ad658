// Pooling over windows of the last dimensions: the maximum, the average or the sum of each.
//
// x: (..., spatial...), or (..., spatial..., C) with channel_last, as many spatial dimensions (1 to
// 3) as the kernel has; everything else is a batch of images. Window i begins at i * stride - pad.
// Output extent: floor((n + pad + pad_end - kernel) / stride) + 1 with ignore_border; without it
// floor((n + pad - 1) / stride) + 1, every window that begins inside the image. pad_end is what is
// added behind the image, empty for as much as before it (pad); ceil_mode rounds that quotient up,
// but for a window that would begin behind the image. Both are for ignore_border. pad must be
// smaller than the kernel. Padding never is the maximum and adds nothing to a sum. With dilation,
// the values of a window are that far apart, and the kernel above is dilation (kernel - 1) + 1.
// AveragePooling divides by the number of values in the window: with including_pad those in the
// image and its padding, without only those in the image.
//
// MaxPooling takes floats, or integers of at most 32 bits. with_index adds where each maximum is
// (int64), counted through the whole of x in row-major order, or with column_major through each
// image in column-major order; the first of equal values in its window.
//
// ONNX's MaxPool and AveragePool are these with pads split into pad and pad_end and
// count_include_pad as including_pad; storage_order 1 is column_major. LpPool is Abs, PowScalar,
// SumPooling (behind a Pad) and PowScalar; MaxUnpool is ScatterElements of the flattened values at
// the flattened indices into zeros.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct MaxPooling {
  OCTET_ATTRIBUTES(MaxPooling, kernel, stride, ignore_border, pad, channel_last, pad_end, ceil_mode,
                   dilation, with_index, column_major)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape kernel = {};
  Shape stride = {};  // empty means the kernel
  bool ignore_border = true;
  Shape pad = {};  // empty means 0
  bool channel_last = false;
  Shape pad_end = {};  // empty means pad
  bool ceil_mode = false;
  Shape dilation = {};  // empty means 1
  bool with_index = false;
  bool column_major = false;
};

struct AveragePooling {
  OCTET_ATTRIBUTES(AveragePooling, kernel, stride, ignore_border, pad, channel_last, including_pad,
                   pad_end, ceil_mode)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape kernel = {};
  Shape stride = {};  // empty means the kernel
  bool ignore_border = true;
  Shape pad = {};  // empty means 0
  bool channel_last = false;
  bool including_pad = true;
  Shape pad_end = {};  // empty means pad
  bool ceil_mode = false;
};

struct SumPooling {
  OCTET_ATTRIBUTES(SumPooling, kernel, stride, ignore_border, pad, channel_last)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape kernel = {};
  Shape stride = {};  // empty means the kernel
  bool ignore_border = true;
  Shape pad = {};  // empty means 0
  bool channel_last = false;
};

// The mean of each channel: (N, C, spatial...) to (N, C, 1...).
struct GlobalAveragePooling {
  OCTET_ATTRIBUTES(GlobalAveragePooling)
  static constexpr std::array kInputs{InputSpec{"x"}};
};

}  // namespace octet
