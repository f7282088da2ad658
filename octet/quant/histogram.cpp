#include "octet/quant/histogram.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"

namespace octet {
namespace {

// Values counted at a time: bounds the temporary indices to 8 MB.
constexpr int64_t kChunk = int64_t{1} << 20;

// The powers of two that a limit may be. Within them neither limit nor bins / limit overflows; the
// few values beyond are counted in the outermost bins.
constexpr float kSmallestLimit = 0x1p-100f;
constexpr float kLargestLimit = 0x1p+100f;

// The smallest power of two above each value; 0 stays 0.
at::Tensor limit_above(const at::Tensor& largest) {
  const at::Tensor host = largest.to(at::kCPU, at::kFloat).contiguous().clone();
  float* values = host.data_ptr<float>();
  for (int64_t i = 0; i < host.numel(); ++i) {
    if (values[i] == 0) continue;
    int exponent = 0;
    std::frexp(values[i], &exponent);
    values[i] = std::clamp(std::ldexp(1.0f, exponent), kSmallestLimit, kLargestLimit);
  }
  return host.to(largest.device());
}

at::Tensor with_bins_merged(const at::Tensor& counts) {
  const int64_t rows = counts.size(0);
  const int64_t bins = counts.size(1);
  at::Tensor merged = at::zeros_like(counts);
  merged.slice(1, bins / 4, bins - bins / 4).copy_(counts.view({rows, bins / 2, 2}).sum(-1));
  return merged;
}

// Doubles each row's limit until it is at least `wanted`.
void grow_to(const at::Tensor& counts, const at::Tensor& limit, const at::Tensor& wanted) {
  // Only zeros so far: they are in the right bin for any limit.
  limit.copy_(at::where(limit == 0, wanted, limit));
  for (at::Tensor small = limit < wanted; small.any().item<bool>(); small = limit < wanted) {
    counts.copy_(at::where(small.unsqueeze(1), with_bins_merged(counts), counts));
    limit.copy_(at::where(small, limit * 2, limit));
  }
}

}  // namespace

int64_t histogram_bins(bool per_channel) {
  return per_channel ? 2048 : 4096;
}

void add_to_histogram(const at::Tensor& counts, const at::Tensor& limit, const at::Tensor& x,
                      const at::Tensor& largest) {
  const int64_t rows = counts.size(0);
  const int64_t bins = counts.size(1);
  OCTET_INTERNAL_CHECK(x.dim() == 2 && x.size(0) == rows && limit.numel() == rows);
  grow_to(counts, limit, limit_above(largest));
  // A limit of 0 means that the row holds zeros alone: 0 * anything finite finds their bin.
  const at::Tensor bins_per_unit = (bins / 2) / at::where(limit == 0, at::ones_like(limit), limit);
  const at::Tensor first_bin = at::arange(rows, limit.options().dtype(at::kLong)) * bins;
  const int64_t columns = std::max<int64_t>(kChunk / rows, 1);
  for (int64_t begin = 0; begin < x.size(1); begin += columns) {
    const at::Tensor chunk = x.slice(1, begin, begin + columns).to(at::kFloat);
    // The product is exact but for denormals, since the factor is a power of two.
    at::Tensor bin = (chunk * bins_per_unit.unsqueeze(1)).floor_().add_(bins / 2);
    bin = bin.clamp_(0, bins - 1).to(at::kLong).add_(first_bin.unsqueeze(1));
    counts.view(-1).add_(at::bincount(bin.reshape(-1), {}, rows * bins));
  }
}

}  // namespace octet
