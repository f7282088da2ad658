// Dequantizations of sums that the step of a quantized layer does by itself.
#pragma once

#include <optional>
#include <vector>

#include "octet/plan/builder.h"

namespace octet::plan {

// The DequantizeLinear of a layer's int32 sums.
struct FusedDequantize {
  FunctionId function = kNoId;
  VariableId y = kNoId;
  std::vector<ValueId> inputs;  // scale and zero point
};
inline constexpr size_t kSumsScale = 0, kSumsZeroPoint = 1;

// The one that alone reads the sums; nothing if there is none, or kernels cannot take its scale.
std::optional<FusedDequantize> fusable_dequantize(const Builder& builder, const Function& layer);

// Whether a DequantizeLinear is one of sums of a shape: its scale has one value or one for each
// channel, along their second axis, and is not trained.
bool dequantizes_sums(const Builder& builder, const Function& function, const Shape& sums);

// The scales of sums, whose zero point must be 0; throws Error "[name] the zero point of int32 sums
// must be 0".
std::vector<float> scales_of_sums(const Value& scale, const Value& zero_point,
                                  const std::string& name);

}  // namespace octet::plan
