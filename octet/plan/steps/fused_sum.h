// Additions of integers that the step of a quantized layer does by itself.
#pragma once

#include <optional>
#include <vector>

#include "octet/ops/integer_output.h"
#include "octet/plan/builder.h"

namespace octet::plan {

// A QuantizedAdd2 of a layer's result and another value.
struct FusedSum {
  VariableId y = kNoId;
  const IntegerOutput* output = nullptr;  // of the attributes in the graph
  // The other value, its scale and zero point, scale and zero point of the sum.
  std::vector<ValueId> inputs;
};
inline constexpr size_t kOther = 0, kOtherScale = 1, kOtherZeroPoint = 2, kSumScale = 3,
                        kSumZeroPoint = 4;

// The addition that alone reads the result of a layer, which would lie in the layout `y`; nothing
// unless the other value is there by now, of the same shape and in the same layout, and kernels can
// take the scales. So of two layers that are added up the one that comes last does it. Nor where
// gradients are wanted: their bits are those of two roundings.
std::optional<FusedSum> fusable_sum(const Builder& builder, const Function& layer,
                                    const IntegerOutput& output, kernels::Layout y);

}  // namespace octet::plan
