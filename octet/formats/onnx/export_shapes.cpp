// Operations that move elements, and sources of fixed values.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "octet/base/random.h"
#include "octet/formats/onnx/exporters.h"
#include "octet/ops/axes.h"
#include "octet/ops/border.h"

namespace octet {
namespace {

constexpr int64_t kFarLeft = std::numeric_limits<int64_t>::min();
constexpr int64_t kFarRight = std::numeric_limits<int64_t>::max();

// A source's value does not depend on anything.
template <class Operation>
Names evaluated(const Operation& op, LayerExporter& layer) {
  RandomState random;
  ForwardContext context{&random, std::string(op.kType)};
  return {layer.node("Constant", {}, {{"value", forward(op, {}, context)[0]}})};
}

std::string pad_mode(const Pad& op) {
  return op.mode == "repeat" ? "edge" : op.mode;
}

Name expand(LayerExporter& layer, const Name& x, const Shape& shape) {
  return layer.node("Expand", {x, layer.integers(shape, "shape")});
}

// A mask over the matrices in the last two dimensions.
Name matrix_mask(LayerExporter& layer, const at::Tensor& mask) {
  return layer.constant(mask, "mask");
}

int64_t matrix_extent(LayerExporter& layer, int64_t axis_from_end) {
  const int64_t extent = layer.shape(0)[layer.rank(0) - axis_from_end];
  if (extent == kFreeDim) {
    layer.fail("needs the size of its matrices, which is not known; fix it in the network's input");
  }
  return extent;
}

}  // namespace

Names export_function(const Concatenate& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  return {layer.node("Concat", layer.inputs(), {{"axis", axis}})};
}

Names export_function(const Stack& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0) + 1, op.kType);
  Names parts;
  for (const Name& x : layer.inputs()) parts.push_back(layer.unsqueeze(x, {axis}));
  return {layer.node("Concat", parts, {{"axis", axis}})};
}

// The sizes as an input, which every version takes: 18 wants num_outputs where they are missing.
Names export_function(const Split& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  const auto count = static_cast<size_t>(layer.shape(0)[axis]);
  const Names parts =
      layer.node_with_outputs("Split", {layer.input(0), layer.integers(IntList(count, 1), "split")},
                              count, {{"axis", axis}});
  Names outputs;
  for (const Name& part : parts) outputs.push_back(layer.squeeze(part, {axis}));
  return outputs;
}

Names export_function(const Slice& op, LayerExporter& layer) {
  const auto count = static_cast<int64_t>(op.start.size());
  IntList starts, ends, axes, steps;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t step = op.step[i] == kSliceEnd ? 1 : op.step[i];
    const bool forwards = step > 0;
    starts.push_back(op.start[i] != kSliceEnd ? op.start[i] : forwards ? 0 : kFarRight);
    ends.push_back(op.stop[i] != kSliceEnd ? op.stop[i] : forwards ? kFarRight : kFarLeft);
    axes.push_back(layer.rank(0) - count + i);
    steps.push_back(step);
  }
  return {count == 0 ? layer.input(0) : layer.slice(layer.input(0), starts, ends, axes, steps)};
}

Names export_function(const Pad& op, LayerExporter& layer) {
  const int64_t rank = layer.rank(0);
  const auto pairs = static_cast<int64_t>(op.pad_width.size()) / 2;
  IntList pads(static_cast<size_t>(2 * rank), 0);  // all beginnings, then all ends
  for (int64_t i = 0; i < pairs; ++i) {
    const int64_t dim = rank - pairs + i;
    pads[dim] = op.pad_width[2 * i];
    pads[rank + dim] = op.pad_width[2 * i + 1];
    const int64_t extent = layer.shape(0)[dim];
    const bool once = extent == kFreeDim || std::max(pads[dim], pads[rank + dim]) < extent;
    if (op.mode == "reflect" && !once) {
      layer.fail("reflects {} elements more than once, which ONNX does not have; pad by less",
                 extent);
    }
  }
  Names inputs{layer.input(0), layer.integers(pads, "pads")};
  if (op.mode == "constant" && op.constant_value != 0) {
    inputs.push_back(layer.number(op.constant_value));
  }
  return {layer.node("Pad", inputs, {{"mode", pad_mode(op)}})};
}

// Element i of a shifted dimension is one of x's; which, the same rule says about the positions.
Names export_function(const Shift& op, LayerExporter& layer) {
  const Border border = op.border_mode == "reflect" ? Border::kSymmetric : Border::kRepeat;
  const auto count = static_cast<int64_t>(op.shifts.size());
  Name y = layer.input(0);
  for (int64_t i = 0; i < count; ++i) {
    if (op.shifts[i] == 0) continue;
    const int64_t dim = layer.rank(0) - count + i;
    const int64_t extent = layer.shape(0)[dim];
    if (extent == kFreeDim) {
      layer.fail("shifts dimension {}, whose size is not known; fix it in the network's input",
                 dim);
    }
    const at::Tensor positions =
        take_with_border(at::arange(extent, at::kLong), 0, -op.shifts[i], extent, border);
    y = layer.node("Gather", {y, layer.constant(positions, "positions")}, {{"axis", dim}});
  }
  return {y};
}

Names export_function(const Reshape&, LayerExporter& layer) {
  return {layer.reshape(layer.input(0), layer.output_type().shape)};
}

Names export_function(const Transpose& op, LayerExporter& layer) {
  IntList permutation = op.axes;
  for (int64_t& axis : permutation) axis = normalize_axis(axis, layer.rank(0), op.kType);
  if (permutation.empty()) {
    for (int64_t i = layer.rank(0) - 1; i >= 0; --i) permutation.push_back(i);
  }
  return {layer.transpose(layer.input(0), permutation)};
}

Names export_function(const Flip& op, LayerExporter& layer) {
  const IntList axes = normalized_axes(op.axes, layer.rank(0), op.kType);
  const size_t n = axes.size();
  return {layer.slice(layer.input(0), IntList(n, -1), IntList(n, kFarLeft), axes, IntList(n, -1))};
}

// An extent of 1 keeps x's.
Names export_function(const Broadcast& op, LayerExporter& layer) {
  Shape shape = op.shape;
  std::replace(shape.begin(), shape.end(), kFreeDim, int64_t{1});
  return {expand(layer, layer.input(0), shape)};
}

Names export_function(const BroadcastTo& op, LayerExporter& layer) {
  const int64_t first = op.axis < 0 ? layer.rank(0) - layer.rank(1) : op.axis;
  IntList behind;
  for (int64_t i = first + layer.rank(1); i < layer.rank(0); ++i) behind.push_back(i - first);
  const Name y = layer.unsqueeze(layer.input(1), behind);
  return {layer.node("Expand", {y, layer.node("Shape", {layer.input(0)})})};
}

Names export_function(const Tile& op, LayerExporter& layer) {
  const int64_t rank = layer.output_type().shape.rank();
  IntList new_axes;
  for (int64_t i = 0; i < rank - layer.rank(0); ++i) new_axes.push_back(i);
  IntList repeats(static_cast<size_t>(rank), 1);
  std::copy(op.reps.rbegin(), op.reps.rend(), repeats.rbegin());
  const Name x = layer.unsqueeze(layer.input(0), new_axes);
  return {layer.node("Tile", {x, layer.integers(repeats, "repeats")})};
}

Names export_function(const BatchDet&, LayerExporter& layer) {
  return {layer.node("Det", {layer.input(0)})};
}

Names export_function(const MatrixDiag&, LayerExporter& layer) {
  const at::Tensor eye = at::eye(matrix_extent(layer, 1)).to(at::kBool);
  const Name columns = layer.unsqueeze(layer.real(0), {layer.rank(0)});
  return {layer.node("Where", {matrix_mask(layer, eye), columns, layer.number(0)})};
}

Names export_function(const MatrixDiagPart&, LayerExporter& layer) {
  const at::Tensor eye = at::eye(matrix_extent(layer, 1)).to(at::kBool);
  const Name diagonal =
      layer.node("Where", {matrix_mask(layer, eye), layer.real(0), layer.number(0)});
  return {layer.reduce("ReduceSum", diagonal, {layer.rank(0) - 1}, false)};
}

Names export_function(const Trilu& op, LayerExporter& layer) {
  if (layer.opset() >= 14) {
    return {layer.node("Trilu", {layer.input(0), layer.constant(at::tensor(op.k), "k")},
                       {{"upper", int64_t{op.upper ? 1 : 0}}})};
  }
  const at::Tensor ones = at::ones({matrix_extent(layer, 2), matrix_extent(layer, 1)}, at::kFloat);
  const at::Tensor mask = (op.upper ? at::triu(ones, op.k) : at::tril(ones, op.k)).to(at::kBool);
  return {layer.node("Where", {matrix_mask(layer, mask), layer.real(0), layer.number(0)})};
}

Names export_function(const ShapeOf& op, LayerExporter& layer) {
  const Name shape = layer.node("Shape", {layer.input(0)});
  const int64_t count = layer.output_type().shape[0];
  if (count == layer.rank(0)) return {shape};
  const int64_t start =
      std::clamp<int64_t>(op.start < 0 ? op.start + layer.rank(0) : op.start, 0, layer.rank(0));
  return {layer.slice(shape, {start}, {start + count}, {0}, {1})};
}

Names export_function(const Constant& op, LayerExporter& layer) {
  return evaluated(op, layer);
}

Names export_function(const Arange& op, LayerExporter& layer) {
  return evaluated(op, layer);
}

Names export_function(const Linspace& op, LayerExporter& layer) {
  return evaluated(op, layer);
}

}  // namespace octet
