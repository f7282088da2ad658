#include "octet/formats/onnx/integer_nodes.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/formats/onnx/integer_bounds.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// As export_quantization.cpp calls it, so that both share one initializer.
std::string qparam_form(const at::Tensor& flat, at::ScalarType type) {
  return fmt::format("qparam {} {}", toString(type), flat.numel() == 1 ? 0 : flat.numel());
}

}  // namespace

IntegerNodes::IntegerNodes(LayerExporter& layer, const IntegerOutput& output, size_t y_scale)
    : layer_(layer), output_(output), format_(format_of(quantizer_of(output))), y_scale_(y_scale) {
  if (output.round_mode != "HALF_TO_EVEN") {
    layer.fail("rounds {}, ONNX rounds HALF_TO_EVEN; quantize with round_mode = HALF_TO_EVEN",
               output.round_mode);
  }
  if (!gives_accumulators() && (value(y_scale).numel() != 1 || value(y_scale + 1).numel() != 1)) {
    layer.fail(
        "gives integers of {} scales, which ONNX does not have; quantize its output per "
        "tensor",
        std::max(value(y_scale).numel(), value(y_scale + 1).numel()));
  }
}

void IntegerNodes::check_constant(size_t index) const {
  const Variable& variable = layer_.values().graph().variable(layer_.variable(index));
  if (variable.kind == VariableKind::kParameter) return;
  layer_.fail("has '{}' as a scale or zero point, which is computed; ONNX wants it constant",
              variable.name);
}

at::Tensor IntegerNodes::value(size_t index) const {
  check_constant(index);
  return layer_.values().parameter(layer_.variable(index)).detach().to(at::kFloat).flatten();
}

Name IntegerNodes::scale(size_t index) {
  const at::Tensor flat = value(index);
  return layer_.values().initializer(layer_.variable(index), qparam_form(flat, at::kFloat),
                                     [&] { return flat.numel() == 1 ? flat.reshape({}) : flat; });
}

Name IntegerNodes::zero_point(size_t index, DType dtype) {
  const at::Tensor flat = value(index);
  const QuantFormat format = full_format(dtype);
  const bool fits = flat.eq(flat.round()).all().item<bool>() &&
                    flat.min().item<double>() >= static_cast<double>(format.qmin()) &&
                    flat.max().item<double>() <= static_cast<double>(format.qmax());
  if (!fits) {
    layer_.fail("has the zero point {}, which is no {}", flat[0].item<double>(), to_string(dtype));
  }
  const at::ScalarType type = scalar_type_of(dtype);
  return layer_.values().initializer(layer_.variable(index), qparam_form(flat, type), [&] {
    return (flat.numel() == 1 ? flat.reshape({}) : flat).to(type);
  });
}

Name IntegerNodes::real_qparam(size_t index) {
  if (layer_.type(index).dtype == DType::kFloat32) return layer_.input(index);
  return layer_.values().initializer(layer_.variable(index), "real", [&] {
    return layer_.values().parameter(layer_.variable(index)).detach().to(at::kFloat);
  });
}

void IntegerNodes::check_small(size_t x) const {
  const DType dtype = layer_.type(x).dtype;
  if (dtype == DType::kInt8 || dtype == DType::kUInt8) return;
  layer_.fail("has an operand of {}, where ONNX takes int8 or uint8", to_string(dtype));
}

Name IntegerNodes::centred(const Name& x, size_t zero_point) {
  const Name number = layer_.cast(x, DType::kFloat32);
  if (value(zero_point).eq(0).all().item<bool>()) return number;
  return layer_.node("Sub", {number, real_qparam(zero_point)});
}

Name IntegerNodes::centred(size_t x) {
  return centred(layer_.input(x), x + 2);
}

Name IntegerNodes::real(size_t x) {
  check_constant(x + 1);
  return layer_.node("Mul", {centred(x), real_qparam(x + 1)});
}

Name IntegerNodes::of_accumulators(const Name& acc, const at::Tensor& multiplier) {
  if (gives_accumulators()) {
    // Their scale is x_scale * w_scale by definition.
    if (!multiplier.eq(1).all().item<bool>() || !value(y_scale_ + 1).eq(0).all().item<bool>()) {
      layer_.fail("gives int32 of another scale than its accumulators, which ONNX does not have");
    }
    return acc;
  }
  const Name number = layer_.cast(acc, DType::kFloat32);
  return of_steps(layer_.node("Mul", {number, layer_.constant(multiplier, "multiplier")}));
}

Name IntegerNodes::of_steps(const Name& steps) {
  const Graph& graph = layer_.values().graph();
  layer_.values().note_scale(graph.output_of(layer_.id()), value(y_scale_).item<float>());
  const Name one = layer_.constant(at::ones({}), "step");
  return clamped(layer_.node("QuantizeLinear", {steps, one, y_zero_point()}));
}

Name IntegerNodes::of_real(const Name& real) {
  return clamped(layer_.node("QuantizeLinear", {real, y_scale(), y_zero_point()}));
}

Name IntegerNodes::clamped(const Name& y) {
  const auto [lowest, highest] =
      integer_bounds(output_, value(y_scale_).item<float>(), value(y_scale_ + 1).item<float>());
  const QuantFormat full = full_format(format_.dtype);
  const bool bounds = lowest > static_cast<float>(full.qmin());
  const bool caps = highest < static_cast<float>(full.qmax());
  if (!bounds && !caps) return y;
  const auto bound = [&](float value, const char* what) {
    return layer_.constant(at::full({}, value).to(scalar_type_of(format_.dtype)), what);
  };
  return layer_.node("Clip",
                     {y, bound(lowest, "lowest"), caps ? bound(highest, "highest") : Name()});
}

}  // namespace octet
