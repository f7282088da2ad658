// Arithmetic of real numbers between integers, and average pooling: parts of recover_integers().
#include <ATen/ATen.h>

#include "octet/formats/onnx/recovered_graph.h"
#include "octet/ops/pooling_window.h"

namespace octet {
namespace {

// What the quantizer gives, where it is int8 or uint8 of one constant scale.
std::optional<IntegerOutput> small_output(const RecoveredGraph& graph, const Function& quantizer) {
  const auto& op = std::get<QuantizeLinear>(quantizer.attributes);
  const QuantFormat format = format_of(op);
  const bool small = format == full_format(DType::kInt8) || format == full_format(DType::kUInt8);
  if (!small || !graph.patterns.number(quantizer.inputs[1]) ||
      !graph.patterns.number(quantizer.inputs[2])) {
    return std::nullopt;
  }
  IntegerOutput output;
  set_output(output, op, "NONE");
  return output;
}

template <class Quantized>
Quantized with(Quantized op, const IntegerOutput& output) {
  static_cast<IntegerOutput&>(op) = output;
  return op;
}

// q, its scale and its zero point, of the function that makes it where they are the same.
void add_operand(RecoveredGraph& graph, const RealIntegers& real, std::vector<VariableId>& inputs) {
  const VariableId q = real.integers.q;
  const bool sums = graph.graph.variable(q).type.dtype == DType::kInt32;
  VariableId scale = sums ? kNoId : graph.scales.scale_of(q);
  if (scale == kNoId || graph.patterns.number(scale) != real.scale.item<float>()) {
    const at::Tensor value =
        real.scale.numel() == 1 ? graph.scales.in_rank_of(q, real.scale.item<float>()) : real.scale;
    scale = graph.scales.add_parameter(graph.graph.variable(q).name + "/scale", value);
  }
  inputs.insert(inputs.end(), {q, scale, graph.scales.zero_point_of(q, real.integers.zero_point)});
}

// Nothing unless all values are integers in real numbers.
std::optional<std::vector<RealIntegers>> operands_of(const RecoveredGraph& graph,
                                                     const std::vector<VariableId>& values) {
  std::vector<RealIntegers> operands;
  for (const VariableId value : values) {
    const auto real = graph.patterns.real(value);
    if (!real) return std::nullopt;
    operands.push_back(*real);
  }
  return operands;
}

// The integer function of a float function; nothing where it has none.
std::optional<Attributes> integer_form(const Attributes& attributes, const IntegerOutput& output) {
  if (std::holds_alternative<Add2>(attributes) || std::holds_alternative<BcAdd2>(attributes)) {
    return with(QuantizedAdd2{}, output);
  }
  if (std::holds_alternative<Sub2>(attributes)) return with(QuantizedSub2{}, output);
  if (std::holds_alternative<Mul2>(attributes)) return with(QuantizedMul2{}, output);
  if (const auto* concatenate = std::get_if<Concatenate>(&attributes)) {
    QuantizedConcatenate op = with(QuantizedConcatenate{}, output);
    op.axis = concatenate->axis;
    return op;
  }
  return std::nullopt;
}

// ---- average pooling -------------------------------------------------------------------------

// y_scale with float(float(x_scale / count) / y_scale) = m for every window; nothing if there is
// none. The scale that the file tells goes before all others.
std::optional<float> pooled_scale(float x_scale, const at::Tensor& counts, const at::Tensor& m,
                                  std::optional<float> told) {
  const at::Tensor means = x_scale / counts;
  if (!told) told = output_scale(means.flatten()[0].item<float>(), m.flatten()[0].item<float>());
  const bool fits = told && (means / *told).eq(m).all().item<bool>();
  return fits ? told : std::nullopt;
}

struct Pooling {
  CentredIntegers x;
  Attributes attributes;
  at::Tensor counts;  // broadcasts to the outputs
};

std::optional<Pooling> global_pooling(const RecoveredGraph& graph, VariableId sums,
                                      const IntegerOutput& output) {
  const FunctionId id = graph.patterns.made_by<Sum>(sums);
  if (id == kNoId) return std::nullopt;
  const Function& function = graph.graph.function(id);
  const auto& op = std::get<Sum>(function.attributes);
  const Shape& shape = graph.graph.variable(function.inputs[0]).type.shape;
  const auto x = graph.patterns.centred(function.inputs[0], DType::kFloat32);
  IntList spatial;
  for (int64_t i = 2; i < shape.rank(); ++i) spatial.push_back(i);
  if (!x || !op.keep_dims || op.axes != spatial || spatial.empty()) return std::nullopt;
  const int64_t count = shape.num_elements(2, shape.rank());
  if (count == kFreeDim) return std::nullopt;
  return Pooling{*x, with(QuantizedGlobalAveragePooling{}, output),
                 at::full({1}, static_cast<double>(count), at::kFloat)};
}

// Sums over windows are a convolution with ones, each channel by itself.
std::vector<Pooling> window_poolings(const RecoveredGraph& graph, VariableId sums,
                                     const IntegerOutput& output) {
  const FunctionId id = graph.patterns.made_by<Convolution>(sums);
  if (id == kNoId || graph.graph.function(id).inputs.size() != 2) return {};
  const Function& function = graph.graph.function(id);
  const auto& layer = std::get<Convolution>(function.attributes);
  const at::Tensor ones = graph.patterns.constant(function.inputs[1]);
  VariableId centred = function.inputs[0];
  QuantizedAveragePooling op = with(QuantizedAveragePooling{}, output);
  op.pad = layer.pad.empty() ? Shape(layer.stride.size(), 0) : layer.pad;
  op.pad_end = op.pad;
  if (const FunctionId pad = graph.patterns.made_by<Pad>(centred); pad != kNoId) {
    const auto& around = std::get<Pad>(graph.graph.function(pad).attributes);
    const bool spatial = around.pad_width.size() == 2 * op.pad.size();
    if (around.mode != "constant" || around.constant_value != 0 || !spatial) return {};
    for (size_t i = 0; i < op.pad.size(); ++i) {
      op.pad[i] += around.pad_width[2 * i];
      op.pad_end[i] += around.pad_width[2 * i + 1];
    }
    centred = graph.graph.function(pad).inputs[0];
  }
  const auto x = graph.patterns.centred(centred, DType::kFloat32);
  if (!x || !ones.defined() || !ones.eq(1).all().item<bool>()) return {};
  const Shape shape = graph.graph.variable(x->q).type.shape;
  const bool dilated = std::ranges::any_of(layer.dilation, [](int64_t d) { return d != 1; });
  const bool by_channel = layer.base_axis == 1 && !layer.channel_last && !dilated &&
                          ones.size(0) == layer.group && ones.size(1) == 1 &&
                          shape.rank() == ones.dim() && shape[1] == layer.group;
  Shape image = shape;
  image[0] = 1;
  if (!by_channel || image.has_free_dim()) return {};
  image[1] = 1;
  op.kernel = Shape(ones.sizes().slice(2).vec());
  op.stride = layer.stride;
  std::vector<Pooling> found;
  for (const bool including_pad : {true, false}) {
    op.including_pad = including_pad;
    const PoolingWindow window(static_cast<const AveragePooling&>(op));
    found.push_back({*x, op, window.counts(at::empty(image, at::kFloat), including_pad)});
  }
  return found;
}

}  // namespace

void recover_arithmetic(RecoveredGraph& graph, FunctionId id) {
  const Function quantizer = graph.graph.function(id);
  const auto output = small_output(graph, quantizer);
  const FunctionId producer = graph.graph.variable(quantizer.inputs[0]).producer;
  if (!output || producer == kNoId) return;
  std::vector<VariableId> inputs;
  const std::vector<VariableId> outcome{quantizer.inputs[1], quantizer.inputs[2]};
  if (const auto real = graph.patterns.real(quantizer.inputs[0])) {
    add_operand(graph, *real, inputs);
    inputs.insert(inputs.end(), outcome.begin(), outcome.end());
    return graph.replace(id, with(Requantize{}, *output), inputs);
  }
  const Function function = graph.graph.function(producer);
  const auto attributes = integer_form(function.attributes, *output);
  const auto operands = attributes ? operands_of(graph, function.inputs) : std::nullopt;
  if (!operands) return;
  for (const RealIntegers& operand : *operands) add_operand(graph, operand, inputs);
  const bool first = std::holds_alternative<QuantizedConcatenate>(*attributes);
  inputs.insert(first ? inputs.begin() : inputs.end(), outcome.begin(), outcome.end());
  graph.replace(id, *attributes, inputs);
}

void recover_pooling(RecoveredGraph& graph, FunctionId id) {
  const Function quantizer = graph.graph.function(id);
  const auto output = small_output(graph, quantizer);
  const auto steps = graph.patterns.scaled(quantizer.inputs[0]);
  if (!output || !steps || graph.patterns.number(quantizer.inputs[1]) != 1.0F) return;
  std::vector<Pooling> poolings = window_poolings(graph, steps->value, *output);
  if (const auto global = global_pooling(graph, steps->value, *output)) poolings = {*global};
  const std::optional<float> told = graph.scales.told(quantizer.outputs[0]);
  for (const Pooling& pooling : poolings) {
    const VariableId x_scale = graph.scales.scale_of(pooling.x.q);
    const auto y_scale =
        pooled_scale(*graph.patterns.number(x_scale), pooling.counts, steps->factor, told);
    if (!y_scale) continue;
    const VariableId y = quantizer.outputs[0];
    const VariableId scale = graph.scales.add_parameter(graph.graph.variable(y).name + "/scale",
                                                        graph.scales.in_rank_of(y, *y_scale));
    return graph.replace(
        id, pooling.attributes,
        {pooling.x.q, x_scale, graph.scales.zero_point_of(pooling.x.q, pooling.x.zero_point), scale,
         quantizer.inputs[2]});
  }
}

}  // namespace octet
