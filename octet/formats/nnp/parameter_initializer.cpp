#include "octet/formats/nnp/parameter_initializer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

#include "octet/base/error.h"
#include "octet/graph/initializer.h"

namespace octet {
namespace {

// How NNabla's layers lay out a weight: which dimensions are maps in, maps out, and kernel.
enum class Layout : uint8_t { kAffine, kConvolution, kChannelLast };
// What the variance is divided by, with c_i maps in, c_o maps out and k kernel elements: forward
// k * c_i, backward k * c_o, Glorot k * c_i + c_o (NNabla's initializer.py; Glorot and Bengio have
// k * c_o).
enum class Fan : uint8_t { kForward, kBackward, kGlorot };

struct FanRule {
  std::string_view type;
  bool normal;  // else uniform
  Layout layout;
  Fan fan;
};

constexpr std::array kFanRules{
    FanRule{"NormalAffineHe", true, Layout::kAffine, Fan::kForward},
    FanRule{"NormalAffineHeForward", true, Layout::kAffine, Fan::kForward},
    FanRule{"NormalAffineHeBackward", true, Layout::kAffine, Fan::kBackward},
    FanRule{"NormalAffineGlorot", true, Layout::kAffine, Fan::kGlorot},
    FanRule{"NormalConvolutionHe", true, Layout::kConvolution, Fan::kForward},
    FanRule{"NormalConvolutionHeForward", true, Layout::kConvolution, Fan::kForward},
    FanRule{"NormalConvolutionHeBackward", true, Layout::kConvolution, Fan::kBackward},
    FanRule{"NormalConvolutionGlorot", true, Layout::kConvolution, Fan::kGlorot},
    FanRule{"NormalCLConvHe", true, Layout::kChannelLast, Fan::kForward},
    FanRule{"NormalCLConvHeForward", true, Layout::kChannelLast, Fan::kForward},
    FanRule{"NormalCLConvHeBackward", true, Layout::kChannelLast, Fan::kBackward},
    FanRule{"NormalCLConvGlorot", true, Layout::kChannelLast, Fan::kGlorot},
    FanRule{"UniformAffineGlorot", false, Layout::kAffine, Fan::kGlorot},
    FanRule{"UniformConvolutionGlorot", false, Layout::kConvolution, Fan::kGlorot},
    FanRule{"UniformCLConvGlorot", false, Layout::kChannelLast, Fan::kGlorot},
};

const FanRule* find_rule(std::string_view type) {
  const auto found = std::ranges::find(kFanRules, type, &FanRule::type);
  return found == kFanRules.end() ? nullptr : found;
}

int64_t fan_of(const FanRule& rule, const Shape& shape) {
  const int64_t rank = shape.rank();
  int64_t in = shape[1];
  int64_t out = shape[0];
  int64_t kernel = shape.num_elements(2, rank);
  if (rule.layout == Layout::kAffine) {
    in = shape[0];
    out = shape.num_elements(1, rank);
    kernel = 1;
  } else if (rule.layout == Layout::kChannelLast) {
    in = shape[rank - 1];
    kernel = shape.num_elements(1, rank - 1);
  }
  if (rule.fan == Fan::kForward) return kernel * in;
  return rule.fan == Fan::kBackward ? kernel * out : kernel * in + out;
}

Initializer scaled_by_fan(const FanRule& rule, float factor) {
  return [rule, factor](const Shape& shape, at::Generator& random) {
    const int64_t fan = fan_of(rule, shape);
    const Initializer initializer = rule.normal ? he_normal(fan) : glorot_uniform(fan, 0);
    return initializer(shape, random).mul(factor);
  };
}

// 0, step, 2 * step, ... along the last dimension, the same for all others.
Initializer range_initializer(float step) {
  return [step](const Shape& shape, at::Generator&) {
    const int64_t count = shape.empty() ? 1 : shape.back();
    return at::arange(count, at::kFloat)
        .mul(step)
        .reshape(shape.empty() ? Shape{} : Shape{count})
        .expand(shape)
        .contiguous();
  };
}

// Nothing for a type that is not supported. `multiplier` is the constant, the standard deviation,
// the bound, the step, or a factor on what the fan gives.
Initializer initializer_of(std::string_view type, float multiplier) {
  if (type == "Constant") return constant_initializer(multiplier);
  if (type == "Normal") return normal_initializer(multiplier);
  if (type == "Uniform") return uniform_initializer(-multiplier, multiplier);
  if (type == "Range") return range_initializer(multiplier);
  const FanRule* rule = find_rule(type);
  return rule == nullptr ? nullptr : scaled_by_fan(*rule, multiplier);
}

// Whole, of a size that fits into memory, and with the dimensions that a fan is computed from.
bool can_be_made(const Shape& shape, std::string_view type) {
  constexpr int64_t kMaxElements = int64_t{1} << 32;
  int64_t elements = 1;
  for (const int64_t dim : shape) {
    if (dim < 1 || dim > kMaxElements / elements) return false;
    elements *= dim;
  }
  return find_rule(type) == nullptr || shape.rank() >= 2;
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
