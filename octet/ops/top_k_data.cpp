#include "octet/ops/top_k_data.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const TopKData& op, InputTypes inputs) {
  const VariableType& x = inputs[0];
  check_number(x, op.kType);
  const int64_t axis = normalize_axis(op.base_axis, x.shape.rank(), op.kType);
  const int64_t features = x.shape.num_elements(axis, x.shape.rank());
  OCTET_CHECK(op.k >= 1 && (features == kFreeDim || op.k <= features), op.kType,
              "k {} must be between 1 and the {} values of a sample of {} (base_axis {})", op.k,
              features, to_string(x.shape), op.base_axis);
  Shape selected(std::vector<int64_t>(x.shape.begin(), x.shape.begin() + axis));
  selected.push_back(op.k);
  OutputTypes outputs{{x.dtype, op.reduce ? selected : x.shape, {}}};
  if (op.with_index) outputs.push_back({DType::kInt64, selected, {}});
  return outputs;
}

OutputTensors forward(const TopKData& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const at::Tensor features = x.flatten(op.base_axis);
  const at::Tensor key = op.abs ? features.detach().abs() : features.detach();
  // A stable sort, because at::topk leaves open which of equal values it takes.
  const at::Tensor order = std::get<1>(at::sort(key, /*stable=*/true, -1, op.largest));
  const at::Tensor index = order.narrow(-1, 0, op.k).contiguous();
  at::Tensor y = features.gather(-1, index);
  if (!op.reduce) y = at::zeros_like(features).scatter(-1, index, y).reshape(x.sizes());
  if (op.with_index) return {y, index};
  return {y};
}

}  // namespace octet
