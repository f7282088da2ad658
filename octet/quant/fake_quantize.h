// Quantization in the forward pass of training, with gradients.
//
// The integers are held in a float tensor: float64 if x is float64, else float32. scale and
// zero_point broadcast against x (see align_to_axis), and zero_point holds whole numbers. Rounding
// passes the gradient as if it were not there (Bengio et al. 2013); with that,
// dequantize_linear(quantize_linear(x, s, z), s, z) has the gradient of LSQ (Esser et al. 2020, eq.
// 3) to the scale, and that of LSQ+ (Bhalgat et al. 2020) to the zero point.
#pragma once

#include <ATen/core/Tensor.h>

#include "octet/base/qparams.h"

namespace octet {

// q = clamp(round(x / scale) + zero_point, qmin, qmax), of the shape of x. NaN stays NaN. The upper
// bound of int32 is 2147483520 in float32, the largest one that is an int32.
//
// With v = round(x / scale) + zero_point, and inside = (qmin <= v <= qmax), the gradients of q are
//   to x            1 / scale where inside, else 0 (CLIPPED); everywhere (STRAIGHT)
//   to scale        -x / scale^2 where inside, else 0, summed to the shape of scale
//   to zero_point   1 where inside, else 0, summed likewise
// For the backward pass a byte per element is kept, and x itself if the scale has a gradient.
at::Tensor quantize_linear(const at::Tensor& x, const at::Tensor& scale,
                           const at::Tensor& zero_point, const QuantFormat& format,
                           RoundMode round_mode, Ste ste);

// x = (q - zero_point) * scale, float64 if q is float64, else float32; q may be integers too. The
// gradients are those of this formula. For the backward pass q itself is kept if the scale has a
// gradient, otherwise nothing of its size.
at::Tensor dequantize_linear(const at::Tensor& q, const at::Tensor& scale,
                             const at::Tensor& zero_point);

// scale = 2^log2_scale, which stays positive whatever the solver does (Jain et al. 2020, "Trained
// quantization thresholds"); `pow2` rounds the exponent, exactly, and passes its gradient. The
// exponent is kept in [-23, 64]; its lower end is kTinyScale. The gradient to log2_scale,
// scale * ln 2, is multiplied by gradient_scale.
at::Tensor learned_scale(const at::Tensor& log2_scale, Pow2 pow2, double gradient_scale);

// LSQ's factor for the gradient of a scale, 1 / sqrt(num_values * qmax) (Esser et al. 2020, section
// 2.2). num_values: the elements of the weight, or of one sample of the activation, per scale.
double lsq_gradient_scale(int64_t num_values, const QuantFormat& format);

}  // namespace octet
