// Other shapes of the same elements, and shapes as values.
#include <ATen/ATen.h>

#include <algorithm>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// The integers that a known value has in one imagined run.
IntList integers_in(const OnnxValue& value, size_t run) {
  const at::Tensor tensor =
      (is_constant(value) ? value->known[0] : value->known[run]).to(at::kLong).contiguous();
  return {tensor.data_ptr<int64_t>(), tensor.data_ptr<int64_t>() + tensor.numel()};
}

// ONNX's -1 and 0 resolved.
Shape resolved_shape(const OnnxNode& node, const IntList& wanted, const Shape& x, bool allow_zero) {
  Shape y(wanted);
  int64_t remains = -1;
  int64_t product = 1;
  for (int64_t i = 0; i < y.rank(); ++i) {
    node.check(y[i] >= -1, "has the shape [{}]", fmt::join(wanted, ", "));
    if (y[i] == 0 && !allow_zero) {
      node.check(i < x.rank(), "has the shape [{}] for an input {}", fmt::join(wanted, ", "),
                 to_string(x));
      y[i] = x[i];
    }
    if (y[i] == -1) {
      node.check(remains < 0, "has the shape [{}] with more than one -1", fmt::join(wanted, ", "));
      remains = i;
    } else {
      product *= y[i];
    }
  }
  if (remains >= 0) {
    node.check(product > 0 && x.num_elements() % product == 0, "has the shape [{}] for an input {}",
               fmt::join(wanted, ", "), to_string(x));
    y[remains] = x.num_elements() / product;
  }
  return y;
}

// Where the input's shape is not followed, what the attribute of Octet's own Reshape can say.
OnnxValue reshape_unfollowed(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                             const OnnxValue& shape) {
  Shape target(integers_in(shape, 0));
  for (size_t run = 1; run < kSamples; ++run) {
    const IntList other = integers_in(shape, run);
    for (size_t i = 0; i < target.size(); ++i) {
      if (other[i] != target[i]) target[i] = -1;
    }
  }
  node.check(std::count(target.begin(), target.end(), -1) <= 1,
             "has a shape of several open extents for an input {}", to_string(graph.shape_of(x)));
  return graph.emit(Reshape{.shape = target}, {x});
}

}  // namespace

OnnxValues import_reshape(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  node.ignore("consumed_inputs");
  const OnnxValue shape = node.opset() < 5 ? graph.integers(node.integers("shape")) : node.input(1);
  node.check(is_known(shape), "has a shape that is not known before the network runs");
  const bool allow_zero = node.flag("allowzero", false);
  const std::optional<SampledShape> own = graph.samples_of(x);
  if (!own.has_value()) return {reshape_unfollowed(node, graph, x, shape)};
  if (allow_zero && is_constant(shape) && graph.shape_of(x).num_elements() == 0) {
    // No elements are the same in every run. (A 0 of Octet's own Reshape is an extent of x.)
    const Shape empty = resolved_shape(node, integers_in(shape, 0), (*own)[0], allow_zero);
    node.check(empty.num_elements() == 0, "has the shape {} for an input {}", to_string(empty),
               to_string(graph.shape_of(x)));
    return {graph.constant(at::empty(empty, scalar_type_of(graph.dtype_of_value(x))))};
  }
  SampledShape target;
  for (size_t run = 0; run < kSamples; ++run) {
    target[run] = resolved_shape(node, integers_in(shape, run), (*own)[run], allow_zero);
  }
  return {reshape_to(graph, x, target)};
}

OnnxValues import_flatten(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t rank = graph.rank_of(x);
  const int64_t given = node.integer("axis", 1);
  const int64_t axis = given == rank ? rank : node_axis(node, given, rank);
  const std::optional<SampledShape> own = graph.samples_of(x);
  if (!own.has_value()) {
    const Shape shape = graph.shape_of(x);
    return {
        reshape_to(graph, x, Shape{shape.num_elements(0, axis), shape.num_elements(axis, rank)})};
  }
  SampledShape flat;
  for (size_t run = 0; run < kSamples; ++run) {
    flat[run] = {(*own)[run].num_elements(0, axis), (*own)[run].num_elements(axis, rank)};
  }
  return {reshape_to(graph, x, flat)};
}

namespace {

Shape without(const Shape& shape, const IntList& axes) {
  Shape result;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) result.push_back(shape[i]);
  }
  return result;
}

Shape with_ones(const Shape& shape, const IntList& axes) {
  Shape result(shape.size() + axes.size(), 1);
  size_t next = 0;
  for (int64_t i = 0; i < result.rank(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) result[i] = shape[next++];
  }
  return result;
}

// The same change to the shape of the value in every imagined run.
OnnxValue reshape_by(OnnxGraphBuilder& graph, const OnnxValue& x,
                     Shape (*change)(const Shape&, const IntList&), const IntList& axes) {
  const std::optional<SampledShape> own = graph.samples_of(x);
  if (!own.has_value()) return reshape_to(graph, x, change(graph.shape_of(x), axes));
  SampledShape target;
  for (size_t run = 0; run < kSamples; ++run) target[run] = change((*own)[run], axes);
  return reshape_to(graph, x, target);
}

}  // namespace

OnnxValues import_squeeze(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const Shape shape = graph.shape_of(x);
  IntList axes = axes_of(node, 13, 1).value_or(IntList{});
  if (axes.empty()) {
    for (int64_t i = 0; i < shape.rank(); ++i) {
      if (shape[i] == 1) axes.push_back(i);
    }
  }
  axes = node_axes(node, axes, shape.rank());
  for (const int64_t axis : axes) {
    node.check(shape[axis] == 1 || shape[axis] == kFreeDim, "squeezes axis {} of {}", axis,
               to_string(shape));
  }
  return {reshape_by(graph, x, without, axes)};
}

OnnxValues import_unsqueeze(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const std::optional<IntList> axes = axes_of(node, 13, 1);
  node.check(axes.has_value(), "has no axes");
  const int64_t rank = graph.rank_of(x) + static_cast<int64_t>(axes->size());
  return {reshape_by(graph, x, with_ones, node_axes(node, *axes, rank))};
}

OnnxValues import_transpose(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Transpose{.axes = node.integers("perm")}, {node.input(0)})};
}

OnnxValues import_shape(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue shape = graph.shape_tensor(node.input(0));
  const int64_t start = node.integer("start", 0);
  const int64_t end = node.integer("end", kSliceEnd);
  if (start == 0 && end == kSliceEnd) return {shape};
  return {graph.emit(Slice{.start = {start}, .stop = {end}, .step = {1}}, {shape})};
}

OnnxValues import_size(OnnxNode& node, OnnxGraphBuilder& graph) {
  auto size = std::make_shared<ImportedValue>(*graph.shape_tensor(node.input(0)));
  for (at::Tensor& extents : size->known) extents = extents.prod();
  return {size};
}

OnnxValues import_expand(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.check(is_known(node.input(1)), "has a shape that is not known before the network runs");
  return {graph.expand_to(node.input(0), node.input(1))};
}

OnnxValues import_constant_of_shape(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.check(is_known(node.input(0)), "has a shape that is not known before the network runs");
  const at::Tensor value = node.tensor("value");
  node.check(!value.defined() || value.numel() == 1, "has a value of more than one element");
  const OnnxValue number =
      graph.constant(value.defined() ? value.reshape({}) : at::zeros({}, at::kFloat));
  return {graph.expand_to(number, node.input(0))};
}

OnnxValues import_tile(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Tile{.reps = node.known_integers(1)}, {node.input(0)})};
}

namespace {

// Blocks of channels to and from blocks of pixels: a Reshape, a Transpose, a Reshape.
OnnxValue rearrange(OnnxGraphBuilder& graph, const OnnxValue& x, const Shape& split,
                    const IntList& order, const Shape& joined) {
  const std::optional<SampledShape> own = graph.samples_of(x);
  SampledShape from;
  SampledShape to;
  for (size_t run = 0; run < kSamples; ++run) {
    from[run] = split;
    to[run] = joined;
    from[run][0] = to[run][0] = own.has_value() ? (*own)[run][0] : kFreeDim;
  }
  const OnnxValue parts =
      own.has_value() ? reshape_to(graph, x, from) : reshape_to(graph, x, from[0]);
  const OnnxValue moved = graph.emit(Transpose{.axes = order}, {parts});
  return own.has_value() ? reshape_to(graph, moved, to) : reshape_to(graph, moved, to[0]);
}

struct Blocks {
  int64_t size, channels, height, width;
};

Blocks blocks_of(OnnxNode& node, const Shape& x) {
  const int64_t size = node.integer("blocksize", 0);
  node.check(size >= 1 && x.rank() == 4 && x.num_elements(1, 4) != kFreeDim,
             "has the blocksize {} for an input {}", size, to_string(x));
  return {size, x[1], x[2], x[3]};
}

}  // namespace

OnnxValues import_depth_to_space(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const auto [b, c, h, w] = blocks_of(node, graph.shape_of(x));
  const std::string mode = node.word("mode", "DCR");
  node.check(c % (b * b) == 0 && (mode == "DCR" || mode == "CRD"),
             "has the mode '{}' and {} channels for blocks of {}", mode, c, b);
  const Shape joined{0, c / (b * b), h * b, w * b};
  if (mode == "DCR") {
    return {rearrange(graph, x, {0, b, b, c / (b * b), h, w}, {0, 3, 4, 1, 5, 2}, joined)};
  }
  return {rearrange(graph, x, {0, c / (b * b), b, b, h, w}, {0, 1, 4, 2, 5, 3}, joined)};
}

OnnxValues import_space_to_depth(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const auto [b, c, h, w] = blocks_of(node, graph.shape_of(x));
  node.check(h % b == 0 && w % b == 0, "has an input of {} x {} for blocks of {}", h, w, b);
  return {rearrange(graph, x, {0, c, h / b, b, w / b, b}, {0, 3, 5, 1, 2, 4},
                    {0, c * b * b, h / b, w / b})};
}

}  // namespace octet
