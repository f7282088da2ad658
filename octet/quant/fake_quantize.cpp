#include "octet/quant/fake_quantize.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <numbers>

#include "octet/base/error.h"
#include "octet/quant/rounding.h"
#include "octet/quant/scale.h"

namespace octet {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The type that x is computed in.
at::ScalarType float_type_of(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

bool needs_gradient(const at::Tensor& t) {
  return at::GradMode::is_enabled() && t.requires_grad();
}

double upper_bound(const QuantFormat& format, at::ScalarType type) {
  return type == at::kDouble ? static_cast<double>(format.qmax())
                             : static_cast<double>(format.largest_float());
}

// round(x / scale) + zero_point, not clamped. x, scale and zero_point are of one type.
at::Tensor unclamped(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& zero_point,
                     RoundMode round_mode) {
  at::Tensor v = at::div(x, scale);
  v = round_mode == RoundMode::HALF_TO_EVEN ? v.round_() : round(v, round_mode);
  return v.add_(zero_point);
}

// Zero where `saturated`, in place.
at::Tensor masked(at::Tensor gradient, const at::Tensor& saturated) {
  return saturated.defined() ? gradient.masked_fill_(saturated, 0) : gradient;
}

class Quantize : public torch::autograd::Function<Quantize> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& scale,
                            const at::Tensor& zero_point, const QuantFormat& format,
                            RoundMode round_mode, Ste ste) {
    const at::Tensor v = unclamped(x, scale, zero_point, round_mode);
    const at::Tensor q =
        at::clamp(v, static_cast<double>(format.qmin()), upper_bound(format, x.scalar_type()));
    const bool clips = ste == Ste::CLIPPED && x.requires_grad();
    const bool learns = scale.requires_grad() || zero_point.requires_grad();
    // NaN differs from itself and so counts as saturated.
    const at::Tensor saturated = clips || learns ? q.ne(v) : at::Tensor();
    ctx->save_for_backward(
        {scale, zero_point, saturated, scale.requires_grad() ? x : at::Tensor()});
    ctx->saved_data["clipped"] = ste == Ste::CLIPPED;
    return q;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor& scale = saved[0];
    const at::Tensor& zero_point = saved[1];
    const at::Tensor& saturated = saved[2];
    const at::Tensor& x = saved[3];
    const bool clipped = ctx->saved_data["clipped"].toBool();
    const at::Tensor& dq = gradients[0];
    at::Tensor dx, dscale, dzero_point;
    if (ctx->needs_input_grad(0)) {
      dx = masked(dq / scale, clipped ? saturated : at::Tensor());
    }
    if (ctx->needs_input_grad(1)) {
      dscale = masked(dq * x, saturated).sum_to_size(scale.sizes()).neg().div(scale * scale);
    }
    if (ctx->needs_input_grad(2)) {
      dzero_point = masked(dq.clone(), saturated).sum_to_size(zero_point.sizes());
    }
    return {dx, dscale, dzero_point, {}, {}, {}};
  }
};

class Dequantize : public torch::autograd::Function<Dequantize> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& scale,
                            const at::Tensor& zero_point) {
    ctx->save_for_backward({scale, zero_point, scale.requires_grad() ? q : at::Tensor()});
    return at::sub(q, zero_point).mul_(scale);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor& scale = saved[0];
    const at::Tensor& zero_point = saved[1];
    const at::Tensor& q = saved[2];
    const at::Tensor& dy = gradients[0];
    at::Tensor dq, dscale, dzero_point;
    if (ctx->needs_input_grad(0)) dq = dy * scale;
    if (ctx->needs_input_grad(1)) {
      dscale = (dy * (q - zero_point)).sum_to_size(scale.sizes());
    }
    if (ctx->needs_input_grad(2)) {
      dzero_point = (dy * scale).sum_to_size(zero_point.sizes()).neg();
    }
    return {dq, dscale, dzero_point};
  }
};

constexpr double kLowestExponent = -23;
constexpr double kHighestExponent = 64;
static_assert(kTinyScale == 0x1p-23f);

// 2^e for whole numbers e, from the bits of float32: exact on every device.
at::Tensor exact_power_of_two(const at::Tensor& e) {
  constexpr int64_t kExponentBias = 127;
  constexpr int64_t kMantissa = int64_t{1} << 23;
  return e.to(at::kInt).add_(kExponentBias).mul_(kMantissa).view(at::kFloat).to(e.scalar_type());
}

at::Tensor power_of_two(const at::Tensor& log2_scale, Pow2 pow2) {
  const at::Tensor e = log2_scale.clamp(kLowestExponent, kHighestExponent);
  switch (pow2) {
    case Pow2::ROUND:
      return exact_power_of_two(at::round(e));
    case Pow2::CEIL:
      return exact_power_of_two(at::ceil(e));
    case Pow2::FLOOR:
      return exact_power_of_two(at::floor(e));
    default:
      return at::exp2(e);
  }
}

class LearnedScale : public torch::autograd::Function<LearnedScale> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& log2_scale, Pow2 pow2,
                            double gradient_scale) {
    const at::Tensor scale = power_of_two(log2_scale, pow2);
    ctx->save_for_backward({scale});
    ctx->saved_data["factor"] = std::numbers::ln2 * gradient_scale;
    return scale;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const at::Tensor scale = ctx->get_saved_variables()[0];
    return {gradients[0] * scale * ctx->saved_data["factor"].toDouble(), {}, {}};
  }
};

}  // namespace

at::Tensor quantize_linear(const at::Tensor& x, const at::Tensor& scale,
                           const at::Tensor& zero_point, const QuantFormat& format,
                           RoundMode round_mode, Ste ste) {
  const at::ScalarType type = float_type_of(x);
  const at::Tensor value = x.to(type);
  const at::Tensor s = scale.to(type);
  const at::Tensor z = zero_point.to(type);
  if (needs_gradient(x) || needs_gradient(scale) || needs_gradient(zero_point)) {
    return Quantize::apply(value, s, z, format, round_mode, ste);
  }
  return unclamped(value, s, z, round_mode)
      .clamp_(static_cast<double>(format.qmin()), upper_bound(format, type));
}

at::Tensor dequantize_linear(const at::Tensor& q, const at::Tensor& scale,
                             const at::Tensor& zero_point) {
  const at::ScalarType type = float_type_of(q);
  const at::Tensor value = q.to(type);
  const at::Tensor s = scale.to(type);
  const at::Tensor z = zero_point.to(type);
  if (needs_gradient(q) || needs_gradient(scale) || needs_gradient(zero_point)) {
    return Dequantize::apply(value, s, z);
  }
  return at::sub(value, z).mul_(s);
}

at::Tensor learned_scale(const at::Tensor& log2_scale, Pow2 pow2, double gradient_scale) {
  return LearnedScale::apply(log2_scale, pow2, gradient_scale);
}

double lsq_gradient_scale(int64_t num_values, const QuantFormat& format) {
  return 1 / std::sqrt(static_cast<double>(num_values) * static_cast<double>(format.qmax()));
}

}  // namespace octet
