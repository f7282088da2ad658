// Diagonals, triangles and determinants of the matrices in the last two dimensions.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// (..., n) to (..., n, n), zero outside of the diagonal.
struct MatrixDiag {
  OCTET_ATTRIBUTES(MatrixDiag)
  static constexpr std::array kInputs{InputSpec{"x"}};
};

// (..., n, n) to its diagonals (..., n).
struct MatrixDiagPart {
  OCTET_ATTRIBUTES(MatrixDiagPart)
  static constexpr std::array kInputs{InputSpec{"x"}};
};

// Keeps the elements on and above (upper) or on and below diagonal k, and sets the others to zero;
// k = 0 is the main diagonal, k > 0 lies above it.
struct Trilu {
  OCTET_ATTRIBUTES(Trilu, k, upper)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t k = 0;
  bool upper = true;
};

// (..., n, n) to their determinants (...). ONNX's Det.
struct BatchDet {
  OCTET_ATTRIBUTES(BatchDet)
  static constexpr std::array kInputs{InputSpec{"x"}};
};

}  // namespace octet
