// Parts of tensors, and tensors of parts.
#include <ATen/ATen.h>

#include <algorithm>

#include "octet/formats/onnx/import_convolution.h"
#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {

OnnxValues import_concat(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t axis = node.integer("axis", 1);
  node.check(node.opset() < 4 || node.has("axis"), "has no axis");
  if (node.num_inputs() == 1) return {node.input(0)};
  for (size_t i = 0; i < node.num_inputs(); ++i) node.input(i);
  return {graph.emit(Concatenate{.axis = axis}, node.inputs())};
}

OnnxValues import_split(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const int64_t axis = node_axis(node, node.integer("axis", 0), graph.rank_of(x));
  const int64_t extent = graph.shape_of(x)[axis];
  IntList sizes = node.opset() < 13 ? node.integers("split")
                                    : (node.has_input(1) ? node.known_integers(1) : IntList{});
  const auto parts = static_cast<int64_t>(node.num_outputs());
  if (node.opset() >= 18) {
    const int64_t declared = node.integer("num_outputs", parts);
    node.check(declared == parts, "has num_outputs {} and {} outputs", declared, parts);
  }
  if (sizes.empty()) {
    node.check(extent != kFreeDim && parts > 0, "splits an axis of unknown extent");
    const int64_t size = (extent + parts - 1) / parts;  // the last one may be smaller
    sizes.assign(static_cast<size_t>(parts), size);
    sizes.back() = extent - size * (parts - 1);
  }
  int64_t total = 0;
  for (const int64_t size : sizes) {
    node.check(size >= 0, "splits into [{}]", fmt::join(sizes, ", "));
    total += size;
  }
  node.check(static_cast<int64_t>(sizes.size()) == parts && (extent == kFreeDim || total == extent),
             "splits an extent of {} into [{}] for {} outputs", extent, fmt::join(sizes, ", "),
             parts);
  OnnxValues outputs;
  int64_t first = 0;
  for (const int64_t size : sizes) {
    outputs.push_back(slice_axis(graph, x, axis, first, first + size));
    first += size;
  }
  return outputs;
}

namespace {

// An end that may hold an open extent: the end of the axis if it is there in all imagined runs.
int64_t slice_end(const OnnxNode& node, const OnnxValue& ends, size_t index,
                  const std::optional<SampledShape>& own, int64_t axis) {
  IntList values;
  for (size_t run = 0; run < kSamples; ++run) {
    const at::Tensor& tensor = is_constant(ends) ? ends->known[0] : ends->known[run];
    values.push_back(tensor.reshape({-1})[static_cast<int64_t>(index)].item<int64_t>());
  }
  if (values[0] == values[1] && values[0] == values[2]) return values[0];
  bool at_end = own.has_value();
  for (size_t run = 0; at_end && run < kSamples; ++run) at_end = values[run] >= (*own)[run][axis];
  node.check(at_end, "ends inside of an open dimension at a place that depends on it");
  return kSliceEnd;
}

// ONNX counts any number beyond the end as the end; the one that Octet writes for an open end means
// something else when stepping backwards.
int64_t clamped_stop(int64_t stop, int64_t step) {
  if (stop < kSliceEnd) return stop;
  return step > 0 ? kSliceEnd : kSliceEnd - 1;
}

}  // namespace

OnnxValues import_slice(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const bool old = node.opset() < 10;
  const int64_t rank = graph.rank_of(x);
  const IntList starts = old ? node.integers("starts") : node.known_integers(1);
  const OnnxValue ends = old ? graph.integers(node.integers("ends")) : node.input(2);
  IntList axes =
      old ? node.integers("axes") : (node.has_input(3) ? node.known_integers(3) : IntList{});
  IntList steps = !old && node.has_input(4) ? node.known_integers(4) : IntList(starts.size(), 1);
  for (size_t i = axes.size(); axes.size() < starts.size(); ++i) {
    axes.push_back(static_cast<int64_t>(i));
  }
  node.check(is_known(ends), "has ends that are not known before the network runs");
  node.check(graph.shape_of(ends).num_elements() == static_cast<int64_t>(starts.size()) &&
                 axes.size() == starts.size() && steps.size() == starts.size(),
             "has {} starts, {} ends, {} axes and {} steps", starts.size(),
             graph.shape_of(ends).num_elements(), axes.size(), steps.size());
  node_axes(node, axes, rank);
  const std::optional<SampledShape> own = graph.samples_of(x);
  Slice slice{.start = IntList(static_cast<size_t>(rank), 0),
              .stop = IntList(static_cast<size_t>(rank), kSliceEnd),
              .step = IntList(static_cast<size_t>(rank), 1)};
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<size_t>(node_axis(node, axes[i], rank));
    node.check(steps[i] != 0, "has a step of 0");
    slice.step[axis] = std::clamp(steps[i], -kSliceEnd + 1, kSliceEnd - 1);
    slice.start[axis] = std::min(starts[i], steps[i] > 0 ? kSliceEnd - 1 : kSliceEnd);
    slice.stop[axis] =
        clamped_stop(slice_end(node, ends, i, own, static_cast<int64_t>(axis)), steps[i]);
  }
  return {graph.emit(slice, {x})};
}

namespace {

struct Padding {
  IntList before;
  IntList after;
};

Padding padding_of(OnnxNode& node, int64_t rank) {
  const char* name = node.opset() == 1 ? "paddings" : "pads";
  const IntList pads = node.opset() < 11 ? node.integers(name) : node.known_integers(1);
  IntList axes;
  for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  if (node.opset() >= 18 && node.has_input(3)) axes = node.known_integers(3);
  node.check(pads.size() == 2 * axes.size(), "has pads [{}] for {} dimensions",
             fmt::join(pads, ", "), axes.size());
  Padding result{IntList(static_cast<size_t>(rank), 0), IntList(static_cast<size_t>(rank), 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(node_axis(node, axes[i], rank));
    result.before[axis] = pads[i];
    result.after[axis] = pads[axes.size() + i];
  }
  return result;
}

}  // namespace

OnnxValues import_pad(OnnxNode& node, OnnxGraphBuilder& graph) {
  OnnxValue x = node.input(0);
  const int64_t rank = graph.rank_of(x);
  Padding pads = padding_of(node, rank);
  const std::string mode = node.word("mode", "constant");
  node.check(mode == "constant" || mode == "reflect" || mode == "edge", "has the mode '{}'", mode);
  Pad op{.mode = mode == "edge" ? "repeat" : mode};
  if (node.opset() < 11) {
    op.constant_value = node.number("value", 0.0F);
  } else if (node.has_input(2)) {
    op.constant_value = static_cast<float>(node.known_number(2));
  }
  for (int64_t axis = 0; axis < rank; ++axis) {  // a negative amount cuts off
    int64_t& before = pads.before[static_cast<size_t>(axis)];
    int64_t& after = pads.after[static_cast<size_t>(axis)];
    if (before < 0 || after < 0) {
      x = slice_axis(graph, x, axis, std::max<int64_t>(-before, 0), after < 0 ? after : kSliceEnd);
    }
    before = std::max<int64_t>(before, 0);
    after = std::max<int64_t>(after, 0);
    const bool leading = op.pad_width.empty() && before == 0 && after == 0;
    if (leading) continue;
    op.pad_width.push_back(before);
    op.pad_width.push_back(after);
  }
  if (op.pad_width.empty()) return {x};
  return {graph.emit(op, {x})};
}

}  // namespace octet
