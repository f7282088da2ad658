// Functions of one value as tables over all integers of their input.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "octet/ops/operation.h"

namespace octet {

struct LookupTable {
  at::Tensor integers;  // (256), int8 or uint8 as the quantizer gives them
  at::Tensor slope;     // (256), float32: their gradient to the input's integer
};

// For each integer q of 8 bits from `lowest` on: DequantizeLinear(q), the function, QuantizeLinear,
// with their gradients. x_scale ... y_zero_point have one value each; `parameters` are the
// function's further inputs. Nothing where the function is not a number for some q.
std::optional<LookupTable> lookup_table(const Attributes& function, const QuantizeLinear& quantizer,
                                        int64_t lowest, const at::Tensor& x_scale,
                                        const at::Tensor& x_zero_point, const at::Tensor& y_scale,
                                        const at::Tensor& y_zero_point,
                                        const std::vector<at::Tensor>& parameters = {});

}  // namespace octet
