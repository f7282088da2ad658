// Sums of products of integers, exactly, though they are computed with floats.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace octet {

// A convolution or a matrix product: linear in x and in w, in the type of its arguments.
using Product = std::function<at::Tensor(const at::Tensor& x, const at::Tensor& w)>;

// product(x, w), plus bias if it is defined, in float32: the exact integer, rounded once to float32
// (half to even, as int32 becomes a float). x and w hold whole numbers in float32; bias broadcasts
// to the product. `reduced` are the dimensions of w that are summed over; a dimension is left out
// of it where each of its indices has sums of its own.
//
// In float32 every order of summation is exact as long as sum|w| * max|x| < 2^24. Where that bound
// is passed, w is split into 16 high + low, whose products are; and where even these pass it, the
// product is computed in float64 (exact below 2^53). Gradients are those of the product.
at::Tensor exact_product(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias,
                         const std::vector<int64_t>& reduced, const Product& product);

// max over the sums of |w| along `reduced`: with max|x| the bound of an accumulator.
double largest_weight_sum(const at::Tensor& w, const std::vector<int64_t>& reduced);

}  // namespace octet
