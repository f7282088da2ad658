#include "tests/support/random_tensor.h"

#include <ATen/ATen.h>

#include "octet/base/random.h"

namespace octet {

at::Tensor random_double(const Shape& shape, uint64_t seed) {
  RandomState random(seed);
  return at::empty(shape, at::kDouble).normal_(0, 1, random.generator(at::kCPU));
}

Shape inferred_shape(const Attributes& attributes, const std::vector<Shape>& shapes) {
  std::vector<VariableType> types;
  for (const Shape& shape : shapes) types.push_back({DType::kFloat32, shape, {}});
  return infer_types(attributes, types).at(0).shape;
}

}  // namespace octet
