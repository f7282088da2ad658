// Reductions and order.
#include <ATen/ATen.h>

#include <cmath>
#include <numeric>

#include "octet/formats/onnx/exporters.h"
#include "octet/ops/axes.h"
#include "octet/ops/shape_checks.h"

namespace octet {
namespace {

template <class Operation>
Names reduced(const Operation& op, LayerExporter& layer, std::string_view type) {
  const IntList axes = normalized_axes(op.axes, layer.rank(0), op.kType);
  return {layer.reduce(type, layer.input(0), axes, op.keep_dims)};
}

// Where the first of the extrema is, counted through the reduced dimensions in row-major order.
template <class Operation>
Name position(const Operation& op, LayerExporter& layer, std::string_view type) {
  const IntList axes = normalized_axes(op.axes, layer.rank(0), op.kType);
  const NodeAttribute last{"select_last_index", int64_t{op.last ? 1 : 0}};
  if (axes.size() == 1) {
    return layer.node(type, {layer.input(0)},
                      {{"axis", axes[0]}, {"keepdims", int64_t{op.keep_dims ? 1 : 0}}, last});
  }
  IntList order = other_axes(axes, layer.rank(0));
  IntList flat(order.size(), 0);  // 0 keeps an extent
  order.insert(order.end(), axes.begin(), axes.end());
  flat.push_back(-1);
  const Name merged = layer.node(
      "Reshape", {layer.transpose(layer.input(0), order), layer.integers(flat, "shape")});
  const Name index =
      layer.node(type, {merged},
                 {{"axis", static_cast<int64_t>(flat.size()) - 1}, {"keepdims", int64_t{0}}, last});
  return op.keep_dims ? layer.unsqueeze(index, axes) : index;
}

template <class Operation>
Names extremum(const Operation& op, LayerExporter& layer, std::string_view reduction,
               std::string_view arg) {
  if (op.only_index) return {position(op, layer, arg)};
  Names outputs = reduced(op, layer, reduction);
  if (op.with_index) outputs.push_back(position(op, layer, arg));
  return outputs;
}

int64_t known_extent(LayerExporter& layer, int64_t axis) {
  const int64_t extent = layer.shape(0)[axis];
  if (extent == kFreeDim) {
    layer.fail(
        "along dimension {} needs its size, which is not known; fix it in the network's input",
        axis);
  }
  return extent;
}

}  // namespace

Names export_function(const Sum& op, LayerExporter& layer) {
  return reduced(op, layer, "ReduceSum");
}

Names export_function(const Mean& op, LayerExporter& layer) {
  return reduced(op, layer, "ReduceMean");
}

Names export_function(const Prod& op, LayerExporter& layer) {
  return reduced(op, layer, "ReduceProd");
}

Names export_function(const LogSumExp& op, LayerExporter& layer) {
  return reduced(op, layer, "ReduceLogSumExp");
}

Names export_function(const Norm& op, LayerExporter& layer) {
  if (op.p == 1) return reduced(op, layer, "ReduceL1");
  if (op.p == 2) return reduced(op, layer, "ReduceL2");
  const IntList axes = normalized_axes(op.axes, layer.rank(0), op.kType);
  const Name powers = layer.node("Pow", {layer.node("Abs", {layer.real(0)}), layer.number(op.p)});
  const Name sum = layer.reduce("ReduceSum", powers, axes, op.keep_dims);
  return {layer.node("Pow", {sum, layer.number(1.0 / op.p)})};
}

Names export_function(const Max& op, LayerExporter& layer) {
  return extremum(op, layer, "ReduceMax", "ArgMax");
}

Names export_function(const Min& op, LayerExporter& layer) {
  return extremum(op, layer, "ReduceMin", "ArgMin");
}

Names export_function(const CumSum& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  return {layer.node(
      "CumSum", {layer.input(0), layer.constant(at::tensor(axis), "axis")},
      {{"exclusive", int64_t{op.exclusive ? 1 : 0}}, {"reverse", int64_t{op.reverse ? 1 : 0}}})};
}

// ONNX has none. Row i of a square holds the factors of output i and ones, and is multiplied.
Names export_function(const CumProd& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  const int64_t extent = known_extent(layer, axis);
  const at::Tensor square = at::ones({extent, extent}, at::kBool);
  const int64_t strict = op.exclusive ? 1 : 0;
  const at::Tensor factors = op.reverse ? at::triu(square, strict) : at::tril(square, -strict);
  Shape shape(static_cast<size_t>(layer.rank(0) - axis + 1), 1);
  shape[0] = extent;
  shape[1] = extent;
  const Name rows = layer.unsqueeze(layer.real(0), {axis});
  const Name mask = layer.constant(factors.reshape(shape), "factors");
  const Name product = layer.node("Where", {mask, rows, layer.number(1)});
  return {layer.reduce("ReduceProd", product, {axis + 1}, false)};
}

// Of equal values TopK takes the one with the lower index first.
Names export_function(const Sort& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  const Name count = layer.integers({known_extent(layer, axis)}, "k");
  const Names sorted = layer.node_with_outputs(
      "TopK", {layer.input(0), count}, 2,
      {{"axis", axis}, {"largest", int64_t{op.reverse ? 1 : 0}}, {"sorted", int64_t{1}}});
  if (op.only_index) return {sorted[1]};
  if (op.with_index) return sorted;
  return {sorted[0]};
}

Names export_function(const TopKData& op, LayerExporter& layer) {
  const int64_t base = normalize_axis(op.base_axis, layer.rank(0), op.kType);
  IntList flat(static_cast<size_t>(base), 0);
  flat.push_back(-1);
  const Name x = layer.node("Reshape", {layer.input(0), layer.integers(flat, "shape")});
  const NodeAttribute along{"axis", base};
  const Names top = layer.node_with_outputs(
      "TopK", {op.abs ? layer.node("Abs", {x}) : x, layer.integers({op.k}, "k")}, 2,
      {along, {"largest", int64_t{op.largest ? 1 : 0}}, {"sorted", int64_t{1}}});
  const Name values = op.abs ? layer.node("GatherElements", {x, top[1]}, {along}) : top[0];
  Names outputs{values};
  if (!op.reduce) {
    const Name zeros = layer.node("ConstantOfShape", {layer.node("Shape", {x})},
                                  {{"value", at::zeros({1}, layer.real_type())}});
    const Name kept = layer.node("ScatterElements", {zeros, top[1], values}, {along});
    outputs[0] = layer.reshape(kept, layer.shape(0));
  }
  if (op.with_index) outputs.push_back(top[1]);
  return outputs;
}

}  // namespace octet
