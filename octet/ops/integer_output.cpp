#include "octet/ops/integer_output.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/quant/fake_quantize.h"
#include "octet/quant/finite.h"

namespace octet {
namespace {

enum class Activation : uint8_t { kNone, kReLU, kReLU6 };

Activation parse_activation(std::string_view type, std::string_view text) {
  if (text == "NONE") return Activation::kNone;
  if (text == "RELU") return Activation::kReLU;
  OCTET_CHECK(text == "RELU6", type, "activation '{}' is not one of NONE, RELU, RELU6", text);
  return Activation::kReLU6;
}

// `six`: what 6 is in the unit of x; broadcasts to it.
at::Tensor activated(const IntegerOutput& output, const at::Tensor& x, const at::Tensor& six) {
  switch (parse_activation("IntegerOutput", output.activation)) {
    case Activation::kReLU:
      return at::relu(x);
    case Activation::kReLU6:
      return at::minimum(at::relu(x), six);
    default:
      return x;
  }
}

at::Tensor rounded(const IntegerOutput& output, const at::Tensor& x, const at::Tensor& scale,
                   const at::Tensor& zero_point) {
  return quantize_linear(x, scale, zero_point, format_of(quantizer_of(output)),
                         parse_round_mode(output.round_mode), parse_ste(output.ste));
}

}  // namespace

QuantizeLinear quantizer_of(const IntegerOutput& output) {
  QuantizeLinear quantizer;
  quantizer.round_mode = output.round_mode;
  quantizer.narrow_range = output.narrow_range;
  quantizer.dtype = output.dtype;
  quantizer.bits = output.bits;
  quantizer.ste = output.ste;
  return quantizer;
}

void set_output(IntegerOutput& output, const QuantizeLinear& quantizer,
                std::string_view activation) {
  output.activation = activation;
  output.round_mode = quantizer.round_mode;
  output.narrow_range = quantizer.narrow_range;
  output.dtype = quantizer.dtype;
  output.bits = quantizer.bits;
  output.ste = quantizer.ste;
}

VariableType integer_type(std::string_view type, const IntegerOutput& output, const Shape& shape) {
  parse_activation(type, output.activation);
  parse_round_mode(output.round_mode);
  parse_ste(output.ste);
  return {format_of(quantizer_of(output)).dtype, shape, {}};
}

void check_qparams(std::string_view type, std::string_view name, const Shape& given,
                   int64_t channels) {
  const int64_t count = given.num_elements();
  if (count == kFreeDim || count == 1 || channels == kFreeDim || count == channels) return;
  if (channels == 1) throw_error(type, "{} {} must have 1 value", name, to_string(given));
  throw_error(type, "{} {} must have 1 or {} values", name, to_string(given), channels);
}

void check_scale_values(std::span<const InputSpec> specs, std::span<const at::Tensor> inputs,
                        std::string_view where) {
  for (size_t i = 0; i < specs.size() && i < inputs.size(); ++i) {
    if (specs[i].name.ends_with("_scale")) check_scale(inputs[i], where);
  }
}

at::Tensor centred(const at::Tensor& x, const at::Tensor& zero_point) {
  return x.to(at::kFloat) - zero_point.to(at::kFloat).reshape({});
}

at::Tensor along_axis(const at::Tensor& values, int64_t axis, int64_t rank) {
  const at::Tensor flat = values.detach().to(at::kFloat).flatten();
  if (flat.numel() == 1) return flat.reshape({});
  Shape shape(static_cast<size_t>(rank), 1);
  shape[axis] = flat.numel();
  return flat.reshape(shape);
}

at::Tensor requantized(const IntegerOutput& output, const at::Tensor& steps,
                       const at::Tensor& scale, const at::Tensor& zero_point, int64_t axis) {
  const at::Tensor six = 6.0F / along_axis(scale, axis, steps.dim());
  const at::Tensor one = at::ones({}, steps.options().requires_grad(false));
  return rounded(output, activated(output, steps, six), one,
                 along_axis(zero_point, axis, steps.dim()));
}

at::Tensor layer_multiplier(const at::Tensor& x_scale, const at::Tensor& w_scale,
                            const at::Tensor& y_scale) {
  const auto flat = [](const at::Tensor& scale) { return scale.detach().to(at::kFloat).flatten(); };
  return flat(x_scale) * flat(w_scale) / flat(y_scale);
}

at::Tensor quantized(const IntegerOutput& output, const at::Tensor& x, const at::Tensor& scale,
                     const at::Tensor& zero_point) {
  const at::Tensor six = at::full({}, 6.0, x.options().requires_grad(false));
  return rounded(output, activated(output, x, six), along_axis(scale, 0, 0),
                 along_axis(zero_point, 0, 0));
}

}  // namespace octet
