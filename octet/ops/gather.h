// Reading and adding at positions that are data. Indices are integers or integer-valued floats;
// negative ones count from the end. An index out of range is an Error that names it.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// x: (b..., d..., n, r...) with n at `axis` and batch_dims dimensions b; indices: (b..., i...).
// y: (b..., d..., i..., r...), y[b, d, i, r] = x[b, d, indices[b, i], r]. batch_dims <= axis.
struct Gather {
  OCTET_ATTRIBUTES(Gather, axis, batch_dims)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "indices", .exact = true}};
  int64_t axis = 0;
  int64_t batch_dims = 0;
};

// x: (b..., d1, ..., dm, r...) with batch_dims dimensions b; indices: (m, b..., i...).
// y: (b..., i..., r...): position (b, i) reads x at [b, indices[0, b, i], ..., indices[m - 1, b,
// i]]. ONNX's GatherND is this behind a Transpose that brings the last axis of its indices to the
// front.
struct GatherNd {
  OCTET_ATTRIBUTES(GatherNd, batch_dims)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "indices", .exact = true}};
  int64_t batch_dims = 0;
};

// y = x, at i whose coordinate along `axis` is replaced by indices[i], for every position i of
// indices. y has the shape of indices, which has x's rank and is no larger than x outside of
// `axis`. ONNX's GatherElements.
struct GatherElements {
  OCTET_ATTRIBUTES(GatherElements, axis)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "indices", .exact = true}};
  int64_t axis = 0;
};

// y = x0, with x1[i] added at i whose coordinate along `axis` is replaced by indices[i], for every
// position i of indices. All three have the same rank; indices is no larger than x1, nor than x0
// outside of `axis`.
struct ScatterAdd {
  OCTET_ATTRIBUTES(ScatterAdd, axis)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{.name = "indices", .exact = true},
                                      InputSpec{"x1"}};
  int64_t axis = 0;
};

}  // namespace octet
