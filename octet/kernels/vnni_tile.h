// The innermost loops of IntegerConvolution with AVX-512 VNNI: one instruction multiplies four
// uint8 by four int8 and adds the products up in int32. Nothing saturates, and what goes around in
// between comes back.
//
// x is unsigned there: int8 is read as x + 128, and its zero point likewise. The sums of
// (x - zero_point) * w are those of x * w less zero_point times the sum of w, with which they
// begin.
#pragma once

#include <cstdint>

namespace octet::kernels {

// Panels of weights that are multiplied together: their sums and those of six pixels fill the
// registers.
inline constexpr int64_t kVnniPanels = 4;

struct VnniInput {
  const uint8_t* x = nullptr;
  bool flip = false;                 // they are int8, and become x + 128 on the way
  const int64_t* windows = nullptr;  // from x to the window of each pixel, in bytes
  // From there to its runs, in units of `pitch` bytes; and the groups of four bytes in a run.
  const int64_t* runs = nullptr;
  int64_t run_count = 0;
  int64_t pitch = 0;
  int64_t run_quads = 0;
};

// Panels of sixteen output channels, one behind the other, each (run, quad, channel, 4); and what
// their sums begin with.
struct VnniWeights {
  const int8_t* packed = nullptr;
  const int32_t* first = nullptr;
  int64_t panels = 1;  // at most kVnniPanels
};

// sums: (panel, pixel, 16), `panel_step` from panel to panel. Only where has_vnni().
void vnni_sums(const VnniInput& in, int64_t pixels, const VnniWeights& weights, int32_t* sums,
               int64_t panel_step);

}  // namespace octet::kernels
