// Initial values of parameters.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <functional>

#include "octet/base/shape.h"

namespace octet {

// Fills a new float tensor of the given shape; random numbers come from the generator.
using Initializer = std::function<at::Tensor(const Shape&, at::Generator&)>;

Initializer constant_initializer(float value);
Initializer normal_initializer(float sigma);
Initializer uniform_initializer(float low, float high);

// Weights (outmaps, inmaps / group, kernel...). He et al. 2015, "Delving deep into rectifiers":
// sigma = sqrt(2 / fan), fan = kernel elements x outmaps (keeps the variance of the gradient).
Initializer he_normal_convolution();
// Weights (inputs, outputs...): sigma = sqrt(2 / inputs).
Initializer he_normal_affine();
// Glorot and Bengio 2010: uniform in +-sqrt(6 / (fan_in + fan_out)).
Initializer glorot_uniform_convolution();
Initializer glorot_uniform_affine();
// The same for any layer: he_normal has sigma = sqrt(2 / fan); the fans count the products behind
// one output value (in) or the outputs that one input value reaches (out).
Initializer he_normal(int64_t fan);
Initializer glorot_uniform(int64_t fan_in, int64_t fan_out);

}  // namespace octet
