#include "octet/ops/border.h"

#include <ATen/ATen.h>

namespace octet {
namespace {

// The positions in [0, extent) that [begin, begin + count) stand for.
at::Tensor source_positions(int64_t extent, int64_t begin, int64_t count, Border border,
                            c10::Device device) {
  const at::Tensor wanted =
      at::arange(begin, begin + count, at::TensorOptions().dtype(at::kLong).device(device));
  if (border == Border::kRepeat || extent == 1) return wanted.clamp(0, extent - 1);
  const int64_t last = extent - 1;
  if (border == Border::kReflect) {
    // |i| mod 2 last runs up to `last` and, folded there, down again.
    return last - (wanted.abs().remainder(2 * last) - last).abs();
  }
  const at::Tensor i = wanted.remainder(2 * extent);
  return at::minimum(i, 2 * extent - 1 - i);
}

}  // namespace

at::Tensor take_with_border(const at::Tensor& x, int64_t dim, int64_t begin, int64_t count,
                            Border border) {
  return x.index_select(dim, source_positions(x.size(dim), begin, count, border, x.device()));
}

}  // namespace octet
