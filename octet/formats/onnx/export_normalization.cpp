// Normalizations: ONNX's own where it has the case, otherwise the formula.
#include <ATen/ATen.h>

#include <numeric>

#include "octet/formats/onnx/exporters.h"
#include "octet/ops/axes.h"
#include "octet/ops/shape_checks.h"

namespace octet {
namespace {

// (x - mean) / sqrt(variance + eps) over all axes that are not kept.
Name standardized(LayerExporter& layer, const Name& x, const IntList& kept, int64_t rank,
                  double eps) {
  const IntList reduced = other_axes(kept, rank);
  if (reduced.empty()) return layer.node("Sub", {x, x});
  const Name mean = layer.reduce("ReduceMean", x, reduced, true);
  const Name centred = layer.node("Sub", {x, mean});
  const Name square = layer.node("Mul", {centred, centred});
  const Name variance = layer.reduce("ReduceMean", square, reduced, true);
  const Name deviation = layer.node("Sqrt", {layer.node("Add", {variance, layer.number(eps)})});
  return layer.node("Div", {centred, deviation});
}

// The inputs after x: beta unless no_bias, gamma unless no_scale.
template <class Operation>
Name scaled_and_shifted(const Operation& op, LayerExporter& layer, Name y) {
  if (!op.no_scale) y = layer.node("Mul", {y, layer.input(layer.num_inputs() - 1)});
  if (!op.no_bias) y = layer.node("Add", {y, layer.input(1)});
  return y;
}

template <class Operation>
IntList kept_axes(const Operation& op, int64_t rank) {
  IntList axes = op.batch_axis;
  axes.push_back(op.channel_axis);
  return named_axes(op.kType, axes, rank);
}

void refuse_batch_statistics(LayerExporter& layer, bool batch_stat) {
  if (!batch_stat) return;
  layer.fail(
      "normalizes with the statistics of the batch, as in training; save the validation "
      "network, which has batch_stat = false");
}

// Indices of a batch normalization's inputs; -1 for one that is missing.
struct BatchNormInputs {
  int beta;
  int gamma;
  int mean;
  int variance;
};

// ONNX has one mean per index of axis 1; the formula serves for other axes.
Name batch_normalized(LayerExporter& layer, const IntList& axes, float eps,
                      const BatchNormInputs& at) {
  const Name x = layer.input(0);
  const Shape& shape = layer.shape(0);
  if (axes == IntList{1} && shape.rank() >= 2 && shape[1] != kFreeDim) {
    const auto flat = [&](int index, double missing) {
      return index >= 0 ? layer.weight(static_cast<size_t>(index))
                        : layer.constant(at::full({shape[1]}, missing, layer.real_type()),
                                         missing == 0 ? "beta" : "gamma");
    };
    return layer.node(
        "BatchNormalization",
        {x, flat(at.gamma, 1), flat(at.beta, 0), flat(at.mean, 0), flat(at.variance, 1)},
        {{"epsilon", eps}});
  }
  const auto parameter = [&](int index) { return layer.input(static_cast<size_t>(index)); };
  const Name variance = layer.node("Add", {parameter(at.variance), layer.number(eps)});
  Name y = layer.node("Div",
                      {layer.node("Sub", {x, parameter(at.mean)}), layer.node("Sqrt", {variance})});
  if (at.gamma >= 0) y = layer.node("Mul", {y, parameter(at.gamma)});
  if (at.beta >= 0) y = layer.node("Add", {y, parameter(at.beta)});
  return y;
}

}  // namespace

Names export_function(const BatchNormalization& op, LayerExporter& layer) {
  refuse_batch_statistics(layer, op.batch_stat);
  const BatchNormalizationInputs at(op, layer.num_inputs());
  return {batch_normalized(layer, op.axes, op.eps, {at.beta, at.gamma, at.mean, at.variance})};
}

Names export_function(const FusedBatchNormalization& op, LayerExporter& layer) {
  refuse_batch_statistics(layer, op.batch_stat);
  Name y = batch_normalized(layer, op.axes, op.eps, {1, 2, 3, 4});
  if (layer.num_inputs() > 5) y = layer.node("Add", {y, layer.input(5)});
  return {layer.node("Relu", {y})};
}

Names export_function(const TensorNormalization& op, LayerExporter& layer) {
  const IntList kept = named_axes(op.kType, op.axes, layer.rank(0));
  const Name y = standardized(layer, layer.input(0), kept, layer.rank(0), op.eps);
  return {scaled_and_shifted(op, layer, y)};
}

// ONNX's operator (from 17 on) takes the leading dimensions for the batch.
Names export_function(const LayerNormalization& op, LayerExporter& layer) {
  const int64_t rank = layer.rank(0);
  const IntList kept = named_axes(op.kType, op.batch_axis, rank);
  const auto leading = static_cast<int64_t>(kept.size());
  Shape normalized(std::vector<int64_t>(layer.shape(0).begin() + leading, layer.shape(0).end()));
  bool in_front = true;
  for (int64_t i = 0; i < leading; ++i) in_front = in_front && kept[i] == i;
  if (layer.opset() < 17 || !in_front || leading == rank || normalized.has_free_dim()) {
    const Name y = standardized(layer, layer.input(0), kept, rank, op.eps);
    return {scaled_and_shifted(op, layer, y)};
  }
  const Name ones = layer.constant(at::ones(normalized, layer.real_type()), "ones");
  const Name y = layer.node("LayerNormalization", {layer.input(0), ones},
                            {{"axis", leading}, {"epsilon", op.eps}});
  return {scaled_and_shifted(op, layer, y)};
}

Names export_function(const InstanceNormalization& op, LayerExporter& layer) {
  const IntList kept = kept_axes(op, layer.rank(0));
  const Name y = standardized(layer, layer.input(0), kept, layer.rank(0), op.eps);
  return {scaled_and_shifted(op, layer, y)};
}

Names export_function(const GroupNormalization& op, LayerExporter& layer) {
  const Shape& x = layer.shape(0);
  const int64_t channel_axis = normalize_axis(op.channel_axis, x.rank(), op.kType);
  IntList kept = kept_axes(op, x.rank());
  for (int64_t& axis : kept) axis += axis > channel_axis ? 1 : 0;
  Shape split = x;
  split[channel_axis] /= op.num_groups;
  split.insert(split.begin() + channel_axis, op.num_groups);
  const Name grouped = layer.reshape(layer.input(0), split);
  const Name y = standardized(layer, grouped, kept, split.rank(), op.eps);
  return {scaled_and_shifted(op, layer, layer.reshape(y, x))};
}

Names export_function(const NormNormalization& op, LayerExporter& layer) {
  const Name x = layer.real(0);
  const IntList axes = normalized_axes(op.axes, layer.rank(0), op.kType);
  const Name powers = layer.node("Pow", {layer.node("Abs", {x}), layer.number(op.p)});
  const Name sum =
      layer.node("Add", {layer.reduce("ReduceSum", powers, axes, true), layer.number(op.eps)});
  return {layer.node("Div", {x, layer.node("Pow", {sum, layer.number(1.0 / op.p)})})};
}

Names export_function(const MeanSubtraction& op, LayerExporter& layer) {
  if (op.update_running_mean) {
    layer.fail(
        "updates its mean, as in training; save the validation network, which has "
        "update_running_mean = false");
  }
  return {layer.node("Sub", {layer.input(0), layer.input(1)})};
}

Names export_function(const WeightNormalization& op, LayerExporter& layer) {
  const int64_t rank = layer.rank(0);
  const int64_t dim = normalize_axis(op.dim, rank, op.kType);
  const Name w = layer.input(0);
  const IntList reduced = other_axes({dim}, rank);
  const Name squares = layer.reduce("ReduceSum", layer.node("Mul", {w, w}), reduced, true);
  const Name norm = layer.node("Sqrt", {layer.node("Add", {squares, layer.number(op.eps)})});
  IntList behind(static_cast<size_t>(rank - dim - 1));
  std::iota(behind.begin(), behind.end(), 1);
  const Name g = layer.unsqueeze(layer.input(1), behind);
  return {layer.node("Mul", {w, layer.node("Div", {g, norm})})};
}

Names export_function(const WeightStandardization& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.channel_axis, layer.rank(0), op.kType);
  return {standardized(layer, layer.input(0), {axis}, layer.rank(0), op.eps)};
}

// The power iterations one after the other, w as a matrix with the rows `dim`.
Names export_function(const SpectralNorm& op, LayerExporter& layer) {
  if (!op.test) layer.fail("updates u, as in training; save the network with test = true");
  const int64_t rank = layer.rank(0);
  const int64_t dim = normalize_axis(op.dim, rank, op.kType);
  IntList permutation{dim};
  for (const int64_t axis : other_axes({dim}, rank)) permutation.push_back(axis);
  const Name w = layer.input(0);
  const Name matrix = layer.reshape(layer.transpose(w, permutation), {layer.shape(0)[dim], -1});
  const Name transposed = layer.transpose(matrix, {1, 0});
  const auto unit = [&](const Name& vector) {
    const Name squares = layer.reduce("ReduceSum", layer.node("Mul", {vector, vector}), {0}, true);
    return layer.node(
        "Div", {vector, layer.node("Sqrt", {layer.node("Add", {squares, layer.number(op.eps)})})});
  };
  Name u = layer.input(1);
  Name v;
  for (int64_t i = 0; i < op.itr; ++i) {
    v = unit(layer.node("MatMul", {transposed, u}));
    u = unit(layer.node("MatMul", {matrix, v}));
  }
  const Name sigma = layer.node("MatMul", {u, layer.node("MatMul", {matrix, v})});
  Names outputs{layer.node("Div", {w, sigma})};
  if (op.output_u) outputs.push_back(u);
  return outputs;
}

}  // namespace octet
