#include "octet/train/metrics.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/base/shape.h"

namespace octet {

namespace {

constexpr const char* kWhere = "top_n_error";

std::string shape_of(const at::Tensor& tensor) {
  return to_string(Shape(tensor.sizes().vec()));
}

}  // namespace

int64_t count_top_n_errors(const at::Tensor& logits, const at::Tensor& labels, int64_t n) {
  OCTET_CHECK(logits.dim() >= 2 && logits.numel() == logits.size(0) * logits.size(1), kWhere,
              "logits must be (samples, classes), not {}", shape_of(logits));
  const int64_t samples = logits.size(0);
  const int64_t classes = logits.size(1);
  OCTET_CHECK(labels.dim() >= 1 && labels.size(0) == samples && labels.numel() == samples, kWhere,
              "labels must be one for each of {} samples, not of shape {}", samples,
              shape_of(labels));
  OCTET_CHECK(n >= 1 && n <= classes, kWhere, "n must be in 1..{}, not {}", classes, n);
  if (samples == 0) return 0;
  const at::Tensor index = labels.reshape({samples, 1}).to(logits.device(), at::kLong);
  const int64_t lowest = index.min().item<int64_t>();
  const int64_t highest = index.max().item<int64_t>();
  OCTET_CHECK(lowest >= 0 && highest < classes, kWhere, "the label {} is not in 0..{}",
              lowest < 0 ? lowest : highest, classes - 1);
  const at::Tensor scores = logits.detach().reshape({samples, classes});
  // The label itself is not less than itself, so a hit has a rank of n at most.
  const at::Tensor rank = at::logical_not(scores < scores.gather(1, index)).sum(1);
  return (rank > n).sum().item<int64_t>();
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace octet
