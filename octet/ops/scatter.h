// Writing at positions that are data. Indices are integers or integer-valued floats; negative ones
// count from the end. An index out of range is an Error that names it.
//
// reduction says what a written value does to the one that is there: "none" replaces it (of several
// written to one place, one stays), "add", "mul", "max" and "min" combine the two. (ScatterAdd is
// in gather.h.)
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// y = x, with updates[i] written at i whose coordinate along `axis` is replaced by indices[i], for
// every position i of indices. updates has the shape of indices, which has x's rank and is no
// larger than x outside of `axis`. ONNX's ScatterElements and Scatter.
struct ScatterElements {
  OCTET_ATTRIBUTES(ScatterElements, axis, reduction)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "indices", .exact = true},
                                      InputSpec{"updates"}};
  int64_t axis = 0;
  std::string reduction = "none";
};

// y = out, of shape (d1, ..., dm, r...), with updates[i] written at [indices[0, i], ...,
// indices[m - 1, i]]. indices: (m, i...); updates: (i..., r...). Without `out`, y is of the
// attribute shape and zero elsewhere. `add` is what .nnp files call the reduction "add".
// ONNX's ScatterND is this with its data as `out` and the last axis of its indices brought to the
// front by a Transpose; note the order of the inputs.
struct ScatterNd {
  OCTET_ATTRIBUTES(ScatterNd, shape, add, reduction)
  static constexpr std::array kInputs{InputSpec{"updates"},
                                      InputSpec{.name = "indices", .exact = true},
                                      InputSpec{.name = "out", .optional = true}};
  IntList shape = {};
  bool add = false;
  std::string reduction = "none";
};

}  // namespace octet
