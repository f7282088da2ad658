#include "octet/formats/onnx/import_helpers.h"

#include <algorithm>

namespace octet {

OnnxValue cast(OnnxGraphBuilder& graph, const OnnxValue& value, DType dtype) {
  if (graph.dtype_of_value(value) == dtype) return value;
  return graph.emit(Cast{.dtype = std::string(to_string(dtype))}, {value});
}

OnnxValue reshape_to(OnnxGraphBuilder& graph, const OnnxValue& value, const SampledShape& shape) {
  const std::optional<SampledShape> own = graph.samples_of(value);
  Shape target = shape[0];
  int num_open = 0;
  for (size_t i = 0; i < target.size(); ++i) {
    if (shape[1][i] == target[i] && shape[2][i] == target[i]) continue;
    bool kept = own.has_value() && i < (*own)[0].size();
    for (size_t run = 0; kept && run < kSamples; ++run) kept = (*own)[run][i] == shape[run][i];
    target[i] = kept ? 0 : -1;
    num_open += kept ? 0 : 1;
  }
  OCTET_CHECK_FILE(num_open <= 1, graph.where(), "reshapes to {} open extents", num_open);
  return graph.emit(Reshape{.shape = target}, {value});
}

OnnxValue reshape_to(OnnxGraphBuilder& graph, const OnnxValue& value, const Shape& shape) {
  OCTET_CHECK_FILE(std::count(shape.begin(), shape.end(), kFreeDim) <= 1, graph.where(),
                   "reshapes to {}, which has several open extents", to_string(shape));
  return graph.emit(Reshape{.shape = shape}, {value});
}

OnnxValue slice_axis(OnnxGraphBuilder& graph, const OnnxValue& value, int64_t axis, int64_t first,
                     int64_t last, int64_t step) {
  const auto count = static_cast<size_t>(graph.rank_of(value) - axis);
  Slice slice{
      .start = IntList(count, 0), .stop = IntList(count, kSliceEnd), .step = IntList(count, 1)};
  slice.start[0] = first;
  slice.stop[0] = last;
  slice.step[0] = step;
  return graph.emit(slice, {value});
}

OnnxValue move_axis(OnnxGraphBuilder& graph, const OnnxValue& value, int64_t from, int64_t to) {
  if (from == to) return value;
  IntList axes;
  for (int64_t i = 0; i < graph.rank_of(value); ++i) axes.push_back(i);
  axes.erase(axes.begin() + from);
  axes.insert(axes.begin() + to, from);
  return graph.emit(Transpose{.axes = axes}, {value});
}

OnnxValue along_axis(OnnxGraphBuilder& graph, const OnnxValue& value, int64_t axis, int64_t rank) {
  Shape shape(static_cast<size_t>(rank), 1);
  const Shape own = graph.shape_of(value);
  if (own == shape) return value;
  if (own.num_elements() != 1) shape[static_cast<size_t>(axis)] = own.num_elements();
  return own == shape ? value : graph.emit(Reshape{.shape = shape}, {value});
}

int64_t node_axis(const OnnxNode& node, int64_t axis, int64_t rank) {
  node.check(axis >= -rank && axis < rank, "has an axis {} for {} dimensions", axis, rank);
  return axis < 0 ? axis + rank : axis;
}

IntList node_axes(const OnnxNode& node, const IntList& axes, int64_t rank) {
  IntList result;
  for (const int64_t axis : axes) result.push_back(node_axis(node, axis, rank));
  std::sort(result.begin(), result.end());
  node.check(std::adjacent_find(result.begin(), result.end()) == result.end(),
             "has the axes [{}], one of them twice", fmt::join(axes, ", "));
  return result;
}

std::optional<IntList> axes_of(OnnxNode& node, int64_t input_since, size_t input_index) {
  if (node.opset() >= input_since) {
    if (!node.has_input(input_index)) return std::nullopt;
    return node.known_integers(input_index);
  }
  if (!node.has("axes")) return std::nullopt;
  return node.integers("axes");
}

IntList spatial_attribute(OnnxNode& node, const std::string& name, size_t count, int64_t missing) {
  const IntList values = node.integers(name, IntList(count, missing));
  node.check(values.size() == count, "has {} [{}] for {} spatial dimensions", name,
             fmt::join(values, ", "), count);
  return values;
}

namespace {

// Of auto_pad: the padding that gives ceil(n / stride) outputs, the odd one at the given end.
void add_same_padding(const OnnxNode& node, int64_t n, int64_t kernel, int64_t stride,
                      bool odd_at_end, SpatialPads& pads) {
  node.check(n != kFreeDim, "has auto_pad, for which the extents of its input must be known");
  const int64_t outputs = (n + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((outputs - 1) * stride + kernel - n, 0);
  pads.before.push_back(odd_at_end ? total / 2 : total - total / 2);
  pads.after.push_back(total - pads.before.back());
}

}  // namespace

SpatialPads spatial_pads(OnnxNode& node, const Shape& x, const IntList& kernel,
                         const IntList& strides) {
  const size_t count = kernel.size();
  SpatialPads pads;
  const std::string mode = node.word("auto_pad", "NOTSET");
  const IntList given = node.integers("pads", IntList(2 * count, 0));
  node.check(given.size() == 2 * count, "has pads [{}] for {} spatial dimensions",
             fmt::join(given, ", "), count);
  if (mode == "NOTSET" || mode.empty()) {
    pads.before.assign(given.begin(), given.begin() + static_cast<int64_t>(count));
    pads.after.assign(given.begin() + static_cast<int64_t>(count), given.end());
    for (const int64_t pad : given) {
      node.check(pad >= 0, "has pads [{}]; they must not be negative", fmt::join(given, ", "));
    }
    return pads;
  }
  if (mode == "VALID") return {IntList(count, 0), IntList(count, 0)};
  node.check(mode == "SAME_UPPER" || mode == "SAME_LOWER", "has the auto_pad '{}'", mode);
  for (size_t i = 0; i < count; ++i) {
    node.check(strides[i] >= 1, "has strides [{}]; they must be positive",
               fmt::join(strides, ", "));
    add_same_padding(node, x[x.size() - count + i], kernel[i], strides[i], mode == "SAME_UPPER",
                     pads);
  }
  return pads;
}

}  // namespace octet
