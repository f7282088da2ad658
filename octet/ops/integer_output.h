// What every integer function does with its result, and how accumulators become integers again.
//
// An integer function reads integers q that stand for (q - zero_point) * scale and gives integers.
// In the reference interpreter the integers of activations are held in float32 tensors, so that
// gradients flow by autograd; weights and biases may be that or real int8, uint8 and int32 tensors
// (quantize_parameters). Scales and zero points are inputs, as in QuantizeLinear.
//
// A layer (a sum of products) computes
//   acc = the exact integer sum of (x - x_zero_point) * w, plus bias, as int32 would hold it
//   y   = clamp(round(float(acc) * m) + y_zero_point, qmin, qmax)
//   m   = float(float(x_scale * w_scale) / y_scale), per output channel where w_scale is
// with float being float32: one multiplication, rounded once. This is what ONNX Runtime's
// QLinearConv and QLinearMatMul compute. The activation is a bound of the clamp: RELU keeps y from
// falling below y_zero_point, RELU6 also from rising above round(6 / y_scale) + y_zero_point.
//
// The gradient of y to acc is m; 0 where y saturates (ste CLIPPED; STRAIGHT passes it there) and
// where the activation cuts. acc has the gradients of the layer in real numbers. Scales and zero
// points get none. With dtype int32, y_scale = x_scale * w_scale and a zero point of 0, m is 1 and
// y is acc itself.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "octet/base/qparams.h"
#include "octet/ops/attributes.h"
#include "octet/ops/quantize_linear.h"

namespace octet {

struct VariableType;

// The integer format of the result, as in QuantizeLinear, and the activation.
struct IntegerOutput {
  std::string activation = "NONE";  // or RELU, RELU6
  std::string round_mode = "HALF_TO_EVEN";
  bool narrow_range = false;
  int64_t dtype = 1;
  int64_t bits = 8;
  std::string ste = "CLIPPED";
  bool operator==(const IntegerOutput&) const = default;
};

// The inputs that end an integer function: scale and zero point of what it gives.
inline constexpr InputSpec kOutputScale{.name = "y_scale", .parameter = true};
inline constexpr InputSpec kOutputZeroPoint{.name = "y_zero_point", .parameter = true};

// The QuantizeLinear that would give these integers.
QuantizeLinear quantizer_of(const IntegerOutput& output);
// The attributes that give what the quantizer gives.
void set_output(IntegerOutput& output, const QuantizeLinear& quantizer,
                std::string_view activation);

// The result's type. Throws Error "[type] ..." for attributes that name no format.
VariableType integer_type(std::string_view type, const IntegerOutput& output, const Shape& shape);

// Throws Error "[type] name (3) must have 1 or 4 values" unless it has one value, or one for each
// of `channels`. A count that is not known yet is left alone.
void check_qparams(std::string_view type, std::string_view name, const Shape& given,
                   int64_t channels = 1);

// Throws Error "[where] the scale 0 is not a positive number" for an input called ..._scale that
// holds one.
void check_scale_values(std::span<const InputSpec> specs, std::span<const at::Tensor> inputs,
                        std::string_view where);

// x - zero_point in float32; exact for integers below 2^24.
at::Tensor centred(const at::Tensor& x, const at::Tensor& zero_point);

// Values of a tensor, or of the channels along `axis`, as float32 in a shape that broadcasts to a
// tensor of `rank` dimensions.
at::Tensor along_axis(const at::Tensor& values, int64_t axis, int64_t rank);

// clamp(round(act(steps)) + zero_point): steps = float(acc) * m, float32. `scale` is what one step
// is worth, for RELU6; it and zero_point have one value or one for each index of `axis`.
at::Tensor requantized(const IntegerOutput& output, const at::Tensor& steps,
                       const at::Tensor& scale, const at::Tensor& zero_point, int64_t axis);

// m of the formula, flat: one value or one for each channel.
at::Tensor layer_multiplier(const at::Tensor& x_scale, const at::Tensor& w_scale,
                            const at::Tensor& y_scale);

// clamp(round(act(x) / scale) + zero_point) of real numbers: what DQ -> function -> activation -> Q
// gives. scale and zero_point have one value each.
at::Tensor quantized(const IntegerOutput& output, const at::Tensor& x, const at::Tensor& scale,
                     const at::Tensor& zero_point);

}  // namespace octet
