#include "octet/graph/initializer.h"

#include <ATen/ATen.h>

#include <cmath>

namespace octet {
namespace {

at::Tensor normal(const Shape& shape, double sigma, at::Generator& generator) {
  return at::empty(shape, at::kFloat).normal_(0.0, sigma, generator);
}

at::Tensor uniform(const Shape& shape, double limit, at::Generator& generator) {
  return at::empty(shape, at::kFloat).uniform_(-limit, limit, generator);
}

}  // namespace

Initializer constant_initializer(float value) {
  return [value](const Shape& shape, at::Generator&) { return at::full(shape, value, at::kFloat); };
}

Initializer normal_initializer(float sigma) {
  return [sigma](const Shape& shape, at::Generator& generator) {
    return normal(shape, sigma, generator);
  };
}

Initializer uniform_initializer(float low, float high) {
  return [low, high](const Shape& shape, at::Generator& generator) {
    return at::empty(shape, at::kFloat).uniform_(low, high, generator);
  };
}

Initializer he_normal(int64_t fan) {
  return [fan](const Shape& shape, at::Generator& generator) {
    return normal(shape, std::sqrt(2.0 / static_cast<double>(fan)), generator);
  };
}

Initializer glorot_uniform(int64_t fan_in, int64_t fan_out) {
  return [fan_in, fan_out](const Shape& shape, at::Generator& generator) {
    return uniform(shape, std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)), generator);
  };
}

Initializer he_normal_convolution() {
  return [](const Shape& shape, at::Generator& generator) {
    const int64_t fan = shape.num_elements(2, shape.rank()) * shape[0];
    return normal(shape, std::sqrt(2.0 / static_cast<double>(fan)), generator);
  };
}

Initializer he_normal_affine() {
  return [](const Shape& shape, at::Generator& generator) {
    return normal(shape, std::sqrt(2.0 / static_cast<double>(shape[0])), generator);
  };
}

Initializer glorot_uniform_convolution() {
  return [](const Shape& shape, at::Generator& generator) {
    const int64_t kernel = shape.num_elements(2, shape.rank());
    const auto fans = static_cast<double>(kernel * (shape[0] + shape[1]));
    return uniform(shape, std::sqrt(6.0 / fans), generator);
  };
}

Initializer glorot_uniform_affine() {
  return [](const Shape& shape, at::Generator& generator) {
    const auto fans = static_cast<double>(shape[0] + shape.num_elements(1, shape.rank()));
    return uniform(shape, std::sqrt(6.0 / fans), generator);
  };
}

}  // namespace octet
