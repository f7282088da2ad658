// Pooling.
#include <ATen/ATen.h>

#include <algorithm>

#include "octet/formats/onnx/import_convolution.h"
#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

struct Windows {
  IntList kernel;
  IntList stride;
  IntList dilation;
  SpatialPads pads;
};

Windows windows_of(OnnxNode& node, const Shape& x) {
  Windows windows;
  windows.kernel = node.integers("kernel_shape");
  const size_t count = windows.kernel.size();
  node.check(count >= 1 && x.size() == count + 2, "has the kernel_shape [{}] for an input {}",
             fmt::join(windows.kernel, ", "), to_string(x));
  windows.stride = spatial_attribute(node, "strides", count, 1);
  windows.dilation = spatial_attribute(node, "dilations", count, 1);
  IntList extent;
  for (size_t i = 0; i < count; ++i) {
    extent.push_back(windows.dilation[i] * (windows.kernel[i] - 1) + 1);
  }
  windows.pads = spatial_pads(node, x, extent, windows.stride);
  return windows;
}

void check_no_dilation(const OnnxNode& node, const Windows& windows) {
  node.check(std::all_of(windows.dilation.begin(), windows.dilation.end(),
                         [](int64_t dilation) { return dilation == 1; }),
             "has dilations [{}]; only 1 is supported", fmt::join(windows.dilation, ", "));
}

// Positions counted through one shape as positions through another, larger one.
OnnxValue recounted(OnnxGraphBuilder& graph, const OnnxValue& indices, const Shape& from,
                    const Shape& to) {
  OnnxValue rest = indices;
  OnnxValue result;
  for (int64_t i = 0; i < from.rank(); ++i) {
    const OnnxValue inner_from = graph.integers({from.num_elements(i + 1, from.rank())});
    const OnnxValue inner_to = graph.integers({to.num_elements(i + 1, to.rank())});
    const OnnxValue coordinate = graph.emit(Div2{.truncate = true}, {rest, inner_from});
    rest = graph.emit(Mod2{}, {rest, inner_from});
    const OnnxValue part = graph.emit(Mul2{}, {coordinate, inner_to});
    result = i == 0 ? part : graph.emit(BcAdd2{}, {result, part});
  }
  return result;
}

}  // namespace

OnnxValues import_max_pool(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Windows windows = windows_of(node, graph.shape_of(node.input(0)));
  const MaxPooling op{.kernel = windows.kernel,
                      .stride = windows.stride,
                      .pad = windows.pads.before,
                      .pad_end = windows.pads.is_symmetric() ? Shape{} : Shape(windows.pads.after),
                      .ceil_mode = node.flag("ceil_mode", false),
                      .dilation = windows.dilation,
                      .with_index = node.wants_output(1),
                      .column_major = node.flag("storage_order", false)};
  return graph.emit_all(op, {node.input(0)});
}

OnnxValues import_average_pool(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Windows windows = windows_of(node, graph.shape_of(node.input(0)));
  check_no_dilation(node, windows);
  const AveragePooling op{
      .kernel = windows.kernel,
      .stride = windows.stride,
      .pad = windows.pads.before,
      .including_pad = node.flag("count_include_pad", false),
      .pad_end = windows.pads.is_symmetric() ? Shape{} : Shape(windows.pads.after),
      .ceil_mode = node.flag("ceil_mode", false)};
  return {graph.emit(op, {node.input(0)})};
}

// (sum |x|^p)^(1/p) of each window.
OnnxValues import_lp_pool(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const auto p = static_cast<double>(node.integer("p", 2));
  node.check(p > 0, "has p = {}", p);
  const Windows windows = windows_of(node, graph.shape_of(x));
  check_no_dilation(node, windows);
  node.check(!node.flag("ceil_mode", false), "has ceil_mode, which is not supported");
  const OnnxValue powers = graph.emit(PowScalar{.val = p}, {graph.emit(Abs{}, {x})});
  const OnnxValue padded = pad_spatial(graph, powers, windows.pads.before, windows.pads.after, 0);
  const OnnxValue sums =
      graph.emit(SumPooling{.kernel = windows.kernel, .stride = windows.stride}, {padded});
  return {graph.emit(PowScalar{.val = 1 / p}, {sums})};
}

// Writes each value back to where MaxPool took it from; zeros elsewhere.
OnnxValues import_max_unpool(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  Shape shape = graph.shape_of(x);
  node.check(!shape.has_free_dim(), "needs the extents of its input {}", to_string(shape));
  const Windows windows = windows_of(node, shape);
  const int64_t elements = shape.num_elements();
  Shape inferred = shape;
  for (size_t i = 0; i < windows.kernel.size(); ++i) {
    inferred[2 + i] = (shape[2 + i] - 1) * windows.stride[i] + windows.kernel[i] -
                      windows.pads.before[i] - windows.pads.after[i];
  }
  const Shape target = node.has_input(2) ? Shape(node.known_integers(2)) : inferred;
  double elements_of_target = 1;
  for (const int64_t extent : target) elements_of_target *= static_cast<double>(extent);
  constexpr double kMostElements = 1 << 28;
  node.check(target.rank() == shape.rank() && !target.has_free_dim() && elements_of_target >= 0 &&
                 elements_of_target <= kMostElements,
             "has the output_shape {}", to_string(target));
  OnnxValue indices = node.input(1);
  const OnnxValue zeros =
      graph.constant(at::zeros({target.num_elements()}, scalar_type_of(graph.dtype_of_value(x))));
  // The indices count through the output that the windows give, whatever is asked for.
  if (target != inferred) indices = recounted(graph, indices, inferred, target);
  const OnnxValue y = graph.emit(
      ScatterElements{},
      {zeros, reshape_to(graph, indices, Shape{elements}), reshape_to(graph, x, Shape{elements})});
  return {reshape_to(graph, y, target)};
}

OnnxValues import_global_average_pool(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(GlobalAveragePooling{}, {node.input(0)})};
}

namespace {

IntList spatial_axes(const OnnxNode& node, const Shape& x) {
  node.check(x.rank() >= 3, "has an input {} without spatial dimensions", to_string(x));
  IntList axes;
  for (int64_t i = 2; i < x.rank(); ++i) axes.push_back(i);
  return axes;
}

}  // namespace

OnnxValues import_global_max_pool(OnnxNode& node, OnnxGraphBuilder& graph) {
  const IntList axes = spatial_axes(node, graph.shape_of(node.input(0)));
  return {graph.emit(Max{.axes = axes, .keep_dims = true}, {node.input(0)})};
}

OnnxValues import_global_lp_pool(OnnxNode& node, OnnxGraphBuilder& graph) {
  const IntList axes = spatial_axes(node, graph.shape_of(node.input(0)));
  const auto p = static_cast<float>(node.integer("p", 2));
  return {graph.emit(Norm{.p = p, .axes = axes, .keep_dims = true}, {node.input(0)})};
}

}  // namespace octet
