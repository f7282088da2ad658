// Indices and class labels that come as data: integers, or floats with integer values as .nnp
// networks have them. Wrong ones are named in an error instead of being read out of bounds, on
// every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "octet/ops/op_types.h"

namespace octet {

// "[layer: Type]", or "[Type]" outside of a run: what a message of forward() begins with.
std::string location(const ForwardContext& context, std::string_view type);

// The values as int64. Throws Error "[where] name value at position ..." for one outside of
// [low, high] or one that is not an integer.
at::Tensor checked_integers(const at::Tensor& given, int64_t low, int64_t high,
                            std::string_view name, const std::string& where);

// The indices as int64 in [0, extent); negative ones count from the end. Throws Error "[where] ..."
// for one outside of [-extent, extent) or one that is not an integer.
at::Tensor checked_indices(const at::Tensor& indices, int64_t extent, const std::string& where);

struct ClassLabels {
  at::Tensor index;    // int64, in [0, classes)
  at::Tensor ignored;  // bool: where the label is -1 (index is 0 there); undefined if nowhere
};

// Labels of `classes` classes; -1 means that a sample belongs to none. Throws Error "[where] ..."
// for any other label, or one that is not an integer.
ClassLabels checked_labels(const at::Tensor& labels, int64_t classes, const std::string& where);

// Throws Error "[type] ..." unless target has x's shape with extent 1 at `axis`. Returns the axis
// counted from the front.
int64_t check_label_shape(std::string_view type, InputTypes inputs, int64_t axis);

}  // namespace octet
