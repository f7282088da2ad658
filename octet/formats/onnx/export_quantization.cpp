// QuantizeLinear and DequantizeLinear as ONNX has them: a scale and a zero point without
// dimensions, or of one dimension with the attribute `axis`; the zero point in the integers' own
// type.
#include <ATen/ATen.h>

#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/integer_nodes.h"
#include "octet/ops/axes.h"
#include "octet/ops/scalar_types.h"
#include "octet/passes/integer_functions.h"
#include "octet/quant/fake_quantize.h"

namespace octet {
namespace {

// The limits of learned_scale() in quant/fake_quantize.h.
constexpr double kLowestExponent = -23;
constexpr double kHighestExponent = 64;

// "of conv1": the layer that a quantized value goes to, for messages.
std::string reader_of(const ExportedValues& values, FunctionId id) {
  const Graph& graph = values.graph();
  for (int step = 0; step < 2; ++step) {
    const std::vector<Use>& uses = values.uses().of(graph.output_of(id));
    if (uses.empty()) break;
    id = uses[0].function;
    const Attributes& reader = graph.function(id).attributes;
    if (!std::holds_alternative<DequantizeLinear>(reader)) {
      return fmt::format("of {} {} ", type_name(reader), graph.display_name(id));
    }
  }
  return "";
}

bool is_constant(LayerExporter& layer, size_t index) {
  const Graph& graph = layer.values().graph();
  return graph.variable(layer.variable(index)).kind == VariableKind::kParameter;
}

// Scale, zero point and axis of a function (x, scale, zero point).
class Quantizer {
 public:
  explicit Quantizer(LayerExporter& layer) : layer_(layer) {
    if (!is_constant(layer, 1) || !is_constant(layer, 2)) {
      layer.fail(
          "{}has a scale that is computed; save the network with QATScheduler::save, which "
          "fixes scales that are trained",
          reader_of(layer.values(), layer.id()));
    }
    find_axis(1);
    find_axis(2);
  }

  std::vector<NodeAttribute> attributes() const {
    if (axis_ < 0) return {};
    const ParameterLayout layout = layer_.values().layout_of(layer_.variable(0));
    return {{"axis", laid_out_axis(axis_, layer_.rank(0), layout)}};
  }

  Name scale() { return stored(1, at::kFloat); }
  Name zero_point(DType dtype) {
    check_zero_point(dtype);
    return stored(2, scalar_type_of(dtype));
  }

  const at::Tensor& value(size_t index) const {
    return layer_.values().parameter(layer_.variable(index));
  }
  bool zero_point_is_zero() const { return value(2).eq(0).all().item<bool>(); }

 private:
  // The one dimension of x that the scale follows.
  void find_axis(size_t index) {
    const Shape& shape = layer_.shape(index);
    for (int64_t i = 0; i < shape.rank(); ++i) {
      if (shape[i] == 1) continue;
      const int64_t axis = layer_.rank(0) - shape.rank() + i;
      if (axis_ >= 0 && axis_ != axis) {
        layer_.fail(
            "{}has scales {} along more than one dimension, which ONNX does not have; "
            "quantize per tensor or per channel",
            reader_of(layer_.values(), layer_.id()), to_string(shape));
      }
      axis_ = axis;
      channels_ = shape[i];
    }
  }

  Name stored(size_t index, at::ScalarType type) {
    const std::string form = fmt::format("qparam {} {}", toString(type), axis_ < 0 ? 0 : channels_);
    return layer_.values().initializer(layer_.variable(index), form, [&] {
      const at::Tensor flat = value(index).detach().flatten().to(type);
      return axis_ < 0 ? flat.reshape({}) : flat.expand({channels_}).contiguous();
    });
  }

  void check_zero_point(DType dtype) const {
    const at::Tensor z = value(2).to(at::kDouble);
    const QuantFormat format = full_format(dtype);
    const bool fits = z.eq(z.round()).all().item<bool>() &&
                      z.min().item<double>() >= static_cast<double>(format.qmin()) &&
                      z.max().item<double>() <= static_cast<double>(format.qmax());
    if (!fits) {
      layer_.fail("{}has the zero point {}, which is no {}",
                  reader_of(layer_.values(), layer_.id()), z.flatten()[0].item<double>(),
                  to_string(dtype));
    }
  }

  LayerExporter& layer_;
  int64_t axis_ = -1;
  int64_t channels_ = 1;
};

void check_expressible(const QuantizeLinear& op, const QuantFormat& format, LayerExporter& layer) {
  const std::string reader = reader_of(layer.values(), layer.id());
  const std::string for_weights =
      is_constant(layer, 0) ? ", or deploy = true (--deploy), which stores the integers" : "";
  if (op.round_mode != "HALF_TO_EVEN") {
    layer.fail("{}rounds {}, ONNX rounds HALF_TO_EVEN; quantize with round_mode = HALF_TO_EVEN{}",
               reader, op.round_mode, for_weights);
  }
  if (format.bits != full_format(format.dtype).bits) {
    layer.fail("{}has {} bits, which ONNX does not have; quantize with {} = 8{}", reader,
               format.bits, is_constant(layer, 0) ? "bits_weight" : "bits", for_weights);
  }
  if (format.dtype == DType::kInt16 && layer.opset() < 21) {
    layer.fail("{}has int16, which needs opset 21, {} was asked for", reader, layer.opset());
  }
}

at::Tensor integers_of(const QuantizeLinear& op, const QuantFormat& format,
                       const Quantizer& quantizer) {
  const at::NoGradGuard no_grad;
  return quantize_linear(quantizer.value(0), quantizer.value(1), quantizer.value(2), format,
                         parse_round_mode(op.round_mode), parse_ste(op.ste))
      .to(scalar_type_of(format.dtype));
}

// Whether leaving the lowest integer out changes anything; for what flows it may.
bool narrow_range_matters(const QuantizeLinear& op, QuantFormat format, LayerExporter& layer,
                          const Quantizer& quantizer) {
  if (!format.narrow_range) return false;
  if (!is_constant(layer, 0)) return true;
  const at::Tensor narrow = integers_of(op, format, quantizer);
  format.narrow_range = false;
  return !at::equal(narrow, integers_of(op, format, quantizer));
}

Name stored_integers(const QuantizeLinear& op, const QuantFormat& format, LayerExporter& layer,
                     const Quantizer& quantizer) {
  const ParameterLayout layout = layer.values().layout_of(layer.variable(0));
  return layer.constant(laid_out(integers_of(op, format, quantizer), layout), "integers");
}

// Integer functions read the weight itself, not a dequantized one.
bool is_weight_of_integer_function(LayerExporter& layer) {
  if (!is_constant(layer, 0)) return false;
  const Graph& graph = layer.values().graph();
  const std::vector<Use>& readers = layer.values().uses().of(graph.output_of(layer.id()));
  return std::any_of(readers.begin(), readers.end(), [&](const Use& use) {
    return is_integer_function(graph.function(use.function).attributes);
  });
}

}  // namespace

at::Tensor constant_integers(ExportedValues& values, VariableId id) {
  const Variable& variable = values.graph().variable(id);
  if (variable.kind == VariableKind::kParameter) return values.parameter(id).detach();
  if (variable.producer == kNoId) return {};
  const Attributes& attributes = values.graph().function(variable.producer).attributes;
  const auto* quantize = std::get_if<QuantizeLinear>(&attributes);
  if (quantize == nullptr) return {};
  LayerExporter layer(values, variable.producer);
  if (!is_constant(layer, 0)) return {};
  return integers_of(*quantize, format_of(*quantize), Quantizer(layer));
}

// int32, the biases', is a type that ONNX dequantizes but does not quantize to: those integers are
// stored in either form, and so are the
// weights of integer functions. A narrow range is a Clip of the integers.
Names export_function(const QuantizeLinear& op, LayerExporter& layer) {
  const QuantFormat format = format_of(op);
  Quantizer quantizer(layer);
  if (format.dtype == DType::kInt32) {
    if (!is_constant(layer, 0)) {
      layer.fail("{}quantizes a value that is computed to int32, which ONNX does not have",
                 reader_of(layer.values(), layer.id()));
    }
    return {stored_integers(op, format, layer, quantizer)};
  }
  if (is_weight_of_integer_function(layer)) {
    return {stored_integers(op, format, layer, quantizer)};
  }
  check_expressible(op, format, layer);
  const Name q = layer.node("QuantizeLinear",
                            {layer.input(0), quantizer.scale(), quantizer.zero_point(format.dtype)},
                            quantizer.attributes());
  if (!narrow_range_matters(op, format, layer, quantizer)) return {q};
  const at::ScalarType type = scalar_type_of(format.dtype);
  const Name lowest = layer.constant(at::full({}, format.qmin(), type), "qmin");
  return {layer.node("Clip", {q, lowest})};
}

// (q - zero_point) * scale in floats where the integers come as floats or, of int32, with a zero
// point: ONNX has neither.
Names export_function(const DequantizeLinear&, LayerExporter& layer) {
  const DType dtype = layer.type(0).dtype;
  const bool plain = is_floating(dtype) || dtype == DType::kInt64 || dtype == DType::kBool ||
                     (dtype == DType::kInt16 && layer.opset() < 21);
  Quantizer quantizer(layer);
  if (plain || (dtype == DType::kInt32 && !quantizer.zero_point_is_zero())) {
    const Name centred = layer.node("Sub", {layer.real(0), layer.input(2)});
    return {layer.node("Mul", {centred, layer.input(1)})};
  }
  const Name zero_point = dtype == DType::kInt32 ? Name() : quantizer.zero_point(dtype);
  return {layer.node("DequantizeLinear", {layer.input(0), quantizer.scale(), zero_point},
                     quantizer.attributes())};
}

// 2^log2_scale.
Names export_function(const LearnedScale& op, LayerExporter& layer) {
  Name exponent = layer.node(
      "Clip", {layer.input(0), layer.number(kLowestExponent), layer.number(kHighestExponent)});
  if (op.pow2 != "NOTROUND") {
    exponent = layer.node(op.pow2 == "ROUND"  ? "Round"
                          : op.pow2 == "CEIL" ? "Ceil"
                                              : "Floor",
                          {exponent});
  }
  return {layer.node("Pow", {layer.number(2), exponent})};
}

Names export_function(const DynamicQuantizeLinear&, LayerExporter& layer) {
  return layer.node_with_outputs("DynamicQuantizeLinear", {layer.real(0)}, 3);
}

Names export_function(const Recorder&, LayerExporter& layer) {
  return {layer.node("Identity", {layer.input(0)})};
}

}  // namespace octet
