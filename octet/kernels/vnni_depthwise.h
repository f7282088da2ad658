// Depthwise convolution with AVX-512 VNNI (vnni_tile.h): the instruction adds up four products of
// each lane, which here are four rows of a window in one channel.
//
// For a row of output, up to four rows of input are interleaved: (column, channel, row). Then each
// column of a window is one product with the weights (column of the window, channel, row). A window
// with more rows takes several such groups. Windows of three rows or less that go down by one row
// leave room for those of the next row of output: four rows of input serve two rows of output.
#pragma once

#include <cstdint>

namespace octet::kernels {

inline constexpr int64_t kVnniRows = 4;

// Some channels of one row of input: columns are `step` bytes apart.
struct VnniRow {
  const uint8_t* x = nullptr;
  int64_t step = 0;
};

// Panels of sixteen channels that are interleaved together: a cache line of a column.
inline constexpr int64_t kDepthwisePanels = 4;

// Sixteen channels, to (column, 16, 4) bytes. flip: x is int8 and becomes x + 128. Only where
// has_vnni().
void vnni_interleave(const VnniRow (&rows)[kVnniRows], int64_t columns, bool flip, uint8_t* to);
// kDepthwisePanels of them, `step` bytes apart.
void vnni_interleave_panels(const VnniRow (&rows)[kVnniRows], int64_t columns, bool flip,
                            uint8_t* to, int64_t step);

// The windows of a row of output in what is interleaved.
struct VnniWindows {
  int64_t groups = 1;   // of four rows
  int64_t columns = 1;  // interleaved for each group
  int64_t kernel_w = 1;
  int64_t dilation = 1;     // columns from tap to tap
  int64_t column_step = 1;  // and from window to window
};

// weights: (group, column of the window, 16, 4). first: what the sums of each channel begin with.
// sums: (pixel, 16) of a row of output. With two `rows` also of the next one, behind it: there is
// one group then, whose last row has weights of zero. Only where has_vnni().
void vnni_depthwise_sums(const uint8_t* interleaved, const VnniWindows& windows, int64_t pixels,
                         int rows, const int8_t* weights, const int32_t* first, int32_t* sums);

}  // namespace octet::kernels
