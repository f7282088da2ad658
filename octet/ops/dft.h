// The discrete Fourier transform along one axis, as ONNX's DFT.
//
// x (..., n, ..., c): the last dimension holds real numbers (c = 1) or a real and an imaginary part
// (c = 2). `axis` is any other dimension. dft_length: the length m of the transform; what is
// missing behind x counts as zeros, what is too much is cut off. 0: as long as x.
//
//   neither              y[k] = sum over j of x[j] exp(-2 pi i j k / m)
//   inverse              y[j] = 1 / m sum over k of x[k] exp(2 pi i j k / m)
//   onesided             of real numbers: the first m / 2 + 1 of y, which determine the others
//   onesided, inverse    the m real numbers that such a half belongs to; m = 2 (n - 1) if it is 0
//
// y has c = 2, for a onesided inverse c = 1. Computed as a fast Fourier transform.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct DFT {
  OCTET_ATTRIBUTES(DFT, axis, dft_length, inverse, onesided)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = -2;
  int64_t dft_length = 0;
  bool inverse = false;
  bool onesided = false;
};

}  // namespace octet
