// Loops over floats, in whatever layout all operands share. Vectorized for the processor that runs
// them, and the same to the bit on each and for any number of threads.
#pragma once

#include <cstdint>

namespace octet::kernels {

// y = a + b; with `relu` max(a + b, 0).
void sum(const float* a, const float* b, int64_t count, bool relu, float* y);
// da = db = dy, with `y` only where y > 0. da or db may be null; `y` is null without a ReLU.
void sum_backward(const float* dy, const float* y, int64_t count, float* da, float* db);

// y = min(max(x, 0), bound), of which the bound may be infinite. May be in place.
void relu(const float* x, float bound, int64_t count, float* y);
// dx = 0 < y < bound ? dy : 0. May be in place.
void relu_backward(const float* dy, const float* y, float bound, int64_t count, float* dx);

// y = factor * x. May be in place.
void scale(const float* x, float factor, int64_t count, float* y);

}  // namespace octet::kernels
