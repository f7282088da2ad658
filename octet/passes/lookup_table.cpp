#include "octet/passes/lookup_table.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "octet/base/random.h"
#include "octet/quant/fake_quantize.h"

namespace octet {

std::optional<LookupTable> lookup_table(const Attributes& function, const QuantizeLinear& quantizer,
                                        int64_t lowest, const at::Tensor& x_scale,
                                        const at::Tensor& x_zero_point, const at::Tensor& y_scale,
                                        const at::Tensor& y_zero_point,
                                        const std::vector<at::Tensor>& parameters) {
  const at::AutoGradMode with_gradients(true);
  const auto one = [](const at::Tensor& value) {
    return value.detach().to(at::kCPU, at::kFloat).reshape({});
  };
  const at::Tensor q =
      at::arange(lowest, lowest + kLookupEntries, at::kFloat).set_requires_grad(true);
  RandomState random;
  ForwardContext context;
  context.random = &random;
  context.where = type_name(function);
  std::vector<at::Tensor> inputs{dequantize_linear(q, one(x_scale), one(x_zero_point))};
  for (const at::Tensor& parameter : parameters) {
    inputs.push_back(parameter.detach().to(at::kCPU, at::kFloat));
  }
  const at::Tensor y = run_forward(function, inputs, context)[0];
  if (y.isnan().any().item<bool>()) return std::nullopt;
  const QuantFormat format = format_of(quantizer);
  const at::Tensor integers =
      quantize_linear(y, one(y_scale), one(y_zero_point), format,
                      parse_round_mode(quantizer.round_mode), parse_ste(quantizer.ste));
  const at::Tensor slope =
      y.requires_grad() ? torch::autograd::grad({integers.sum()}, {q}, {}, false, false, true)[0]
                        : at::Tensor();
  return LookupTable{
      integers.detach().to(format.dtype == DType::kUInt8 ? at::kByte : at::kChar),
      slope.defined() ? slope.detach().nan_to_num() : at::zeros({kLookupEntries}, at::kFloat)};
}

}  // namespace octet
