// Reading and adding at positions that are data.
#include <ATen/ATen.h>

#include <algorithm>

#include "octet/formats/onnx/exporters.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

Name indices(LayerExporter& layer, size_t index) {
  const Name x = layer.input(index);
  return layer.type(index).dtype == DType::kInt64 ? x : layer.cast(x, DType::kInt64);
}

IntList moved(int64_t rank, int64_t from, int64_t to) {
  IntList permutation;
  for (int64_t i = 0; i < rank; ++i) {
    if (i != from) permutation.push_back(i);
  }
  permutation.insert(permutation.begin() + to, from);
  return permutation;
}

// The coordinates of a position are first in Octet, last in ONNX.
Name coordinates_last(LayerExporter& layer) {
  const int64_t rank = layer.rank(1);
  return layer.transpose(indices(layer, 1), moved(rank, 0, rank - 1));
}

// What a written value does to the one that is there; "none" needs no word.
std::vector<NodeAttribute> reduction(LayerExporter& layer, const std::string& how) {
  if (how == "none") return {};
  const int64_t needed = how == "add" || how == "mul" ? 16 : 18;
  if (layer.opset() < needed) {
    layer.fail("needs opset {} or later, {} was asked for", needed, layer.opset());
  }
  return {{"reduction", how}};
}

}  // namespace

// With batch dimensions: GatherND along the first dimension after them, to which the axis moves;
// what stood between comes behind the indices and moves back.
Names export_function(const Gather& op, LayerExporter& layer) {
  const int64_t rank = layer.rank(0);
  const int64_t axis = normalize_axis(op.axis, rank, op.kType);
  const int64_t batch = op.batch_dims;
  if (batch == 0) {
    return {layer.node("Gather", {layer.input(0), indices(layer, 1)}, {{"axis", axis}})};
  }
  const Name x = layer.transpose(layer.input(0), moved(rank, axis, batch));
  const Name at = layer.unsqueeze(indices(layer, 1), {layer.rank(1)});
  Name y = layer.node("GatherND", {x, at}, {{"batch_dims", batch}});
  const int64_t between = axis - batch;
  const int64_t picked = layer.rank(1) - batch;
  IntList permutation;  // (b..., i..., d..., r...) to (b..., d..., i..., r...)
  for (int64_t i = 0; i < batch; ++i) permutation.push_back(i);
  for (int64_t i = 0; i < between; ++i) permutation.push_back(batch + picked + i);
  for (int64_t i = 0; i < picked; ++i) permutation.push_back(batch + i);
  for (int64_t i = batch + picked + between; i < layer.output_type().shape.rank(); ++i) {
    permutation.push_back(i);
  }
  return {layer.transpose(y, permutation)};
}

Names export_function(const GatherNd& op, LayerExporter& layer) {
  return {layer.node("GatherND", {layer.input(0), coordinates_last(layer)},
                     {{"batch_dims", op.batch_dims}})};
}

Names export_function(const GatherElements& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  return {layer.node("GatherElements", {layer.input(0), indices(layer, 1)}, {{"axis", axis}})};
}

Names export_function(const ScatterElements& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  std::vector<NodeAttribute> attributes = reduction(layer, op.reduction);
  attributes.push_back({"axis", axis});
  return {layer.node("ScatterElements", {layer.input(0), indices(layer, 1), layer.input(2)},
                     attributes)};
}

Names export_function(const ScatterNd& op, LayerExporter& layer) {
  const bool into_zeros = layer.num_inputs() < 3;
  const at::ScalarType type = scalar_type_of(layer.output_type().dtype);
  const Name data = into_zeros ? layer.node("ConstantOfShape", {layer.integers(op.shape, "shape")},
                                            {{"value", at::zeros({1}, type)}})
                               : layer.input(2);
  return {layer.node("ScatterND", {data, coordinates_last(layer), layer.input(0)},
                     reduction(layer, op.add ? "add" : op.reduction))};
}

Names export_function(const ScatterAdd& op, LayerExporter& layer) {
  std::vector<NodeAttribute> attributes = reduction(layer, "add");
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  Name updates = layer.input(2);
  IntList ends, axes;
  for (int64_t i = 0; i < layer.rank(1); ++i) {
    const int64_t wanted = layer.shape(1)[i];
    if (wanted == layer.shape(2)[i] || wanted == kFreeDim) continue;
    axes.push_back(i);
    ends.push_back(wanted);
  }
  if (!axes.empty()) {
    updates = layer.slice(updates, IntList(axes.size(), 0), ends, axes, IntList(axes.size(), 1));
  }
  attributes.push_back({"axis", axis});
  return {layer.node("ScatterElements", {layer.input(0), indices(layer, 1), updates}, attributes)};
}

// Several extents: the position in row-major order is one index.
Names export_function(const OneHot& op, LayerExporter& layer) {
  const int64_t last = layer.rank(0) - 1;
  IntList strides(op.shape.size(), 1);
  for (int64_t i = op.shape.rank() - 2; i >= 0; --i) strides[i] = strides[i + 1] * op.shape[i + 1];
  const Name weighted = layer.node("Mul", {indices(layer, 0), layer.integers(strides, "strides")});
  const Name position = layer.reduce("ReduceSum", weighted, {last}, false);
  const at::ScalarType type =
      layer.output_type().dtype == DType::kFloat64 ? at::kDouble : at::kFloat;
  const Name depth = layer.constant(at::tensor(op.shape.num_elements()), "depth");
  const Name values = layer.constant(at::arange(2, type), "values");
  const Name flat = layer.node("OneHot", {position, depth, values}, {{"axis", int64_t{-1}}});
  if (op.shape.rank() == 1) return {flat};
  IntList target(static_cast<size_t>(last), 0);
  target.insert(target.end(), op.shape.begin(), op.shape.end());
  return {layer.node("Reshape", {flat, layer.integers(target, "shape")})};
}

}  // namespace octet
