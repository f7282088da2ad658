// Counts of how often which values occur, kept exactly while the range of the values grows.
//
// A row of `bins` counts covers [-limit, limit), and limit is a power of two. When a larger value
// comes, limit doubles and neighbouring bins merge two by two; no count is ever estimated. Values
// in [0, bin width) are in bin bins / 2, whatever the limit, so the zeros that are seen before
// anything else need no limit yet (limit = 0).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace octet {

// Per tensor 4096 bins, so that at least 1024 of them lie between 0 and the largest magnitude;
// per channel 2048, since they are as many times in memory.
int64_t histogram_bins(bool per_channel);

// Counts the values of x in place: counts is int64 (rows, bins), limit is float32 (rows), x is
// (rows, values) of any real type, finite. `largest` is max|x| of each row, float32 (rows).
void add_to_histogram(const at::Tensor& counts, const at::Tensor& limit, const at::Tensor& x,
                      const at::Tensor& largest);

}  // namespace octet
