// Pooling over windows of the last dimensions: the maximum, the average or the sum of each.
//
// x: (..., spatial...), or (..., spatial..., C) with channel_last, as many spatial dimensions (1 to
// 3) as the kernel has; everything else is a batch of images. Window i begins at i * stride - pad.
// Output extent: floor((n + 2 pad - kernel) / stride) + 1 with ignore_border; without it
// floor((n + pad - 1) / stride) + 1, every window that begins inside the image. pad must be smaller
// than the kernel. Padding never is the maximum and adds nothing to a sum.
// AveragePooling divides by the number of values in the window: with including_pad those in the
// image and its padding, without only those in the image.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct MaxPooling {
  OCTET_ATTRIBUTES(MaxPooling, kernel, stride, ignore_border, pad, channel_last)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape kernel = {};
  Shape stride = {};  // empty means the kernel
  bool ignore_border = true;
  Shape pad = {};  // empty means 0
  bool channel_last = false;
};

struct AveragePooling {
  OCTET_ATTRIBUTES(AveragePooling, kernel, stride, ignore_border, pad, channel_last, including_pad)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape kernel = {};
  Shape stride = {};  // empty means the kernel
  bool ignore_border = true;
  Shape pad = {};  // empty means 0
  bool channel_last = false;
  bool including_pad = true;
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
