// Reads images at given positions: y[n, c, p] = x[n, c] at grid[n, p].
//
// x: (N, C, H, W) or (N, C, D, H, W), with channel_last the channels at the end; grid: (N, h, w, 2)
// or (N, d, h, w, 3), the last dimension (x, y) or (x, y, z) from -1 to 1 across the image: from
// centre to centre of the border pixels with align_corners, else between their outer edges.
// y: (N, C, h, w), (N, C, d, h, w), or channels at the end. All float, of one type.
// mode: "linear", "nearest" or, for images, "cubic" (a = -0.75). padding_mode: what lies outside,
// "zero", "repeat" (the border) or "reflect".
// ONNX's GridSample, whose modes are called bilinear and bicubic, zeros, border and reflection.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct WarpByGrid {
  OCTET_ATTRIBUTES(WarpByGrid, mode, padding_mode, align_corners, channel_last)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "grid", .exact = true}};
  std::string mode = "linear";
  std::string padding_mode = "zero";
  bool align_corners = false;
  bool channel_last = false;
};

}  // namespace octet
