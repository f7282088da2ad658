// What importers of several families use.
#pragma once

#include "octet/formats/onnx/graph_builder.h"
#include "octet/formats/onnx/node.h"

namespace octet {

// The value in another element type.
OnnxValue cast(OnnxGraphBuilder& graph, const OnnxValue& value, DType dtype);

// The elements in another shape, known or followed through the imagined runs. Throws FileError
// where the shape has more than one open extent that the value does not have in the same place.
OnnxValue reshape_to(OnnxGraphBuilder& graph, const OnnxValue& value, const SampledShape& shape);
OnnxValue reshape_to(OnnxGraphBuilder& graph, const OnnxValue& value, const Shape& shape);

// value[first:last:step] along one axis (normalized).
OnnxValue slice_axis(OnnxGraphBuilder& graph, const OnnxValue& value, int64_t axis, int64_t first,
                     int64_t last, int64_t step = 1);

// Moves one axis (normalized) to another place; the others keep their order.
OnnxValue move_axis(OnnxGraphBuilder& graph, const OnnxValue& value, int64_t from, int64_t to);

// (C) as (1, C, 1, ...) of the rank, with C at `axis`.
OnnxValue along_axis(OnnxGraphBuilder& graph, const OnnxValue& value, int64_t axis, int64_t rank);

// An axis or axes of the node, counted from the front. Throws FileError for one outside.
int64_t node_axis(const OnnxNode& node, int64_t axis, int64_t rank);
IntList node_axes(const OnnxNode& node, const IntList& axes, int64_t rank);

// Axes of the attribute "axes" or, from `input_since` on, of an input; nothing if there are none.
std::optional<IntList> axes_of(OnnxNode& node, int64_t input_since, size_t input_index);

// Padding of spatial dimensions before and after, from "pads" and "auto_pad". `kernel` counts the
// dilation in.
struct SpatialPads {
  IntList before;
  IntList after;
  bool is_symmetric() const { return before == after; }
};
SpatialPads spatial_pads(OnnxNode& node, const Shape& x, const IntList& kernel,
                         const IntList& strides);

// An attribute with one value per spatial dimension. Throws FileError for another number of them.
IntList spatial_attribute(OnnxNode& node, const std::string& name, size_t count, int64_t missing);

}  // namespace octet
