// The usual loss of classifiers with its gradient, in float32: a row is read once while it is in
// the first cache.
#pragma once

#include <cstdint>

namespace octet::kernels {

// x: (rows, classes). labels: in [0, classes), or -1, whose loss and gradient are zero.
// loss[r] = log(sum of exp(x[r])) - x[r][label]; gradient: null, or (rows, classes), the gradient
// of that with respect to x. What is no number in x stays so in both.
void softmax_cross_entropy(const float* x, const int64_t* labels, int64_t rows, int64_t classes,
                           float* loss, float* gradient);

// dx[r] = gradient[r] * dloss[r]
void softmax_cross_entropy_backward(const float* gradient, const float* dloss, int64_t rows,
                                    int64_t classes, float* dx);

}  // namespace octet::kernels
