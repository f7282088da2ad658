#include "octet/formats/nnp/parameter_initializer.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/graph/initializer.h"

namespace octet {
namespace {

Initializer scaled(Initializer initializer, float factor) {
  return [initializer = std::move(initializer), factor](const Shape& shape, at::Generator& random) {
    return initializer(shape, random).mul(factor);
  };
}

// Nothing for a type that is not supported. `multiplier` is the constant, the standard deviation,
// the bound, or a factor on what the fan gives.
Initializer initializer_of(std::string_view type, float multiplier) {
  if (type == "Constant") return constant_initializer(multiplier);
  if (type == "Normal") return normal_initializer(multiplier);
  if (type == "Uniform") return uniform_initializer(-multiplier, multiplier);
  if (type == "NormalConvolutionHeBackward") return scaled(he_normal_convolution(), multiplier);
  if (type == "NormalAffineHeForward") return scaled(he_normal_affine(), multiplier);
  if (type == "UniformConvolutionGlorot") return scaled(glorot_uniform_convolution(), multiplier);
  if (type == "UniformAffineGlorot") return scaled(glorot_uniform_affine(), multiplier);
  return nullptr;
}

// Whole, of a size that fits into memory, and with the dimensions that a fan is computed from.
bool can_be_made(const Shape& shape, std::string_view type) {
  constexpr int64_t kMaxElements = int64_t{1} << 32;
  int64_t elements = 1;
  for (const int64_t dim : shape) {
    if (dim < 1 || dim > kMaxElements / elements) return false;
    elements *= dim;
  }
  const bool uses_fan = type != "Constant" && type != "Normal" && type != "Uniform";
  return !uses_fan || shape.rank() >= 2;
}

}  // namespace

void create_missing_parameter(const DeclaredVariable& variable, ParameterStore& parameters) {
  if (parameters.find(variable.name) != nullptr) return;
  OCTET_CHECK_FILE(variable.initializer != nullptr, variable.place,
                   "parameter '{}' has no data in the file and no initializer", variable.name);
  const std::string type = optional_string(*variable.initializer, "type", variable.place);
  const TextField* multiplier = find_field(*variable.initializer, "multiplier");
  const double factor = multiplier == nullptr ? 0.0 : double_value(*multiplier, variable.place);
  const Initializer initializer = initializer_of(type, static_cast<float>(factor));
  OCTET_CHECK_FILE(initializer != nullptr, variable.place,
                   "parameter '{}' has no data and the initializer '{}', which is not supported",
                   variable.name, type);
  OCTET_CHECK_FILE(
      can_be_made(variable.shape, type), variable.place,
      "parameter '{}' has no data, and its shape {} does not do for the initializer {}",
      variable.name, to_string(variable.shape), type);
  parameters.get_or_create(variable.name, variable.shape, initializer);
}

}  // namespace octet
