// Integer functions beside the layers: arithmetic of real numbers between integers, average pooling
// by exact sums, tables.
#include <ATen/ATen.h>

#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/integer_nodes.h"
#include "octet/ops/axes.h"

namespace octet {
namespace {

Names binary(std::string_view type, const IntegerOutput& op, LayerExporter& layer) {
  IntegerNodes nodes(layer, op, 6);
  return {nodes.of_real(layer.node(type, {nodes.real(0), nodes.real(3)}))};
}

}  // namespace

Names export_function(const QuantizedAdd2& op, LayerExporter& layer) {
  return binary("Add", op, layer);
}

Names export_function(const QuantizedSub2& op, LayerExporter& layer) {
  return binary("Sub", op, layer);
}

Names export_function(const QuantizedMul2& op, LayerExporter& layer) {
  return binary("Mul", op, layer);
}

Names export_function(const QuantizedConcatenate& op, LayerExporter& layer) {
  IntegerNodes nodes(layer, op, 0);
  Names parts;
  for (size_t i = 2; i < layer.num_inputs(); i += 3) parts.push_back(nodes.real(i));
  const int64_t axis = normalize_axis(op.axis, layer.rank(2), op.kType);
  return {nodes.of_real(layer.node("Concat", parts, {{"axis", axis}}))};
}

Names export_function(const Requantize& op, LayerExporter& layer) {
  IntegerNodes nodes(layer, op, 3);
  return {nodes.of_real(nodes.real(0))};
}

Names export_function(const QuantizedGlobalAveragePooling& op, LayerExporter& layer) {
  IntegerNodes nodes(layer, op, 3);
  IntList axes;
  for (int64_t i = 2; i < layer.rank(0); ++i) axes.push_back(i);
  const int64_t count = layer.shape(0).num_elements(2, layer.rank(0));
  if (count == kFreeDim) {
    layer.fail("divides by the size of the image, which is not known; fix the network's input");
  }
  const Name sums = layer.reduce("ReduceSum", nodes.centred(0), axes, /*keep_dims=*/true);
  const at::Tensor counts = at::full({}, static_cast<double>(count), at::kFloat);
  const at::Tensor multiplier = nodes.value(1) / counts / nodes.value(3);
  return {nodes.of_steps(
      layer.node("Mul", {sums, layer.constant(multiplier.reshape({}), "multiplier")}))};
}

Names export_function(const QuantizedLookup& op, LayerExporter& layer) {
  const Name index = layer.cast(layer.input(0), DType::kInt64);
  const Name lowest = layer.constant(at::full({}, op.lowest, at::kLong), "lowest");
  return {layer.node("Gather", {layer.input(1), layer.node("Sub", {index, lowest})},
                     {{"axis", int64_t{0}}})};
}

}  // namespace octet
