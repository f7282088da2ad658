// Pooling and resizing.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/image_layout.h"
#include "octet/formats/onnx/integer_nodes.h"
#include "octet/ops/pooling_window.h"

namespace octet {
namespace {

struct Windows {
  PoolingWindow window;
  Shape spatial;           // the extents of the image; kFreeDim where not known
  IntList pads;            // beginnings, then ends
  bool overhang = false;   // a window reaches beyond the padding, which ONNX has no word for
  bool rounds_up = false;  // the number of windows in an image of a size that is not known
};

// Padding that an image of an unknown size would need.
void refuse_unknown_size(LayerExporter& layer) {
  layer.fail(
      "with ignore_border = false pads by the size of the image, which is not known; fix the "
      "size of the network's input or write ignore_border = true");
}

// The padding at the ends is as much as the windows need: none hangs over the border then, and the
// quotients that ONNX rounds down are exact.
template <class Operation>
Windows windows_of(const Operation& op, LayerExporter& layer) {
  Windows w{PoolingWindow(op), {}, {}, false, false};
  const int64_t n = w.window.spatial_dims();
  const int64_t first = layer.rank(0) - n - (op.channel_last ? 1 : 0);
  Shape pad_end = w.window.pad();
  bool rounds_up = false;
  if constexpr (requires { op.pad_end; }) {
    if (!op.pad_end.empty()) pad_end = op.pad_end;
    rounds_up = op.ceil_mode;
  }
  w.pads.assign(w.window.pad().begin(), w.window.pad().end());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t extent = layer.shape(0)[first + i];
    w.spatial.push_back(extent);
    if (op.ignore_border && (!rounds_up || extent == kFreeDim)) {
      w.pads.push_back(pad_end[i]);
      w.rounds_up = rounds_up;
      continue;
    }
    if (extent == kFreeDim) refuse_unknown_size(layer);
    const int64_t reach = w.window.dilation()[i] * (w.window.kernel()[i] - 1) + 1;
    const int64_t windows = layer.output_type().shape[first + i];
    const int64_t needed =
        (windows - 1) * w.window.stride()[i] + reach - extent - w.window.pad()[i];
    w.pads.push_back(std::max<int64_t>(needed, 0));
    w.overhang = w.overhang || needed > pad_end[i];
  }
  return w;
}

std::vector<NodeAttribute> attributes_of(const Windows& w) {
  std::vector<NodeAttribute> attributes{{"kernel_shape", IntList(w.window.kernel())},
                                        {"strides", IntList(w.window.stride())},
                                        {"pads", w.pads}};
  if (w.rounds_up) attributes.push_back({"ceil_mode", int64_t{1}});
  return attributes;
}

// An average over all of the window, padding and what lies beyond included, and its size.
Name full_average(LayerExporter& layer, const Name& x, const Windows& w) {
  std::vector<NodeAttribute> attributes = attributes_of(w);
  attributes.push_back({"count_include_pad", int64_t{1}});
  return layer.node("AveragePool", {x}, attributes);
}

double window_size(const Windows& w) {
  return static_cast<double>(w.window.kernel().num_elements());
}

// ONNX Runtime takes no padding as large as the kernel: there, padding is a node of its own.
Name padded_for_maximum(LayerExporter& layer, const Name& x, Windows& w) {
  const int64_t n = w.window.spatial_dims();
  bool large = false;
  for (int64_t i = 0; i < n; ++i) large = large || w.pads[n + i] >= w.window.kernel()[i];
  if (!large) return x;
  IntList pads{0, 0};
  pads.insert(pads.end(), w.pads.begin(), w.pads.begin() + n);
  pads.insert(pads.end(), {0, 0});
  pads.insert(pads.end(), w.pads.begin() + n, w.pads.end());
  w.pads.assign(static_cast<size_t>(2 * n), 0);
  const double lowest = -std::numeric_limits<double>::infinity();
  return layer.node("Pad", {x, layer.integers(pads, "pads"), layer.number(lowest)});
}

}  // namespace

Names export_function(const MaxPooling& op, LayerExporter& layer) {
  Windows w = windows_of(op, layer);
  const NodeAttribute dilations{"dilations", IntList(w.window.dilation())};
  if (!op.with_index) {
    ImageLayout layout(layer, w.window.spatial_dims(), op.channel_last);
    const Name x = padded_for_maximum(layer, layout.to_nchw(), w);
    std::vector<NodeAttribute> attributes = attributes_of(w);
    attributes.push_back(dilations);
    return {layout.from_nchw(layer.node("MaxPool", {x}, attributes))};
  }
  if (op.channel_last || layer.rank(0) != w.window.spatial_dims() + 2) {
    layer.fail(
        "counts its indices through (N, C, ...), which is not the input's layout; leave "
        "with_index out or transpose the input");
  }
  std::vector<NodeAttribute> attributes = attributes_of(w);
  attributes.push_back(dilations);
  attributes.push_back({"storage_order", int64_t{op.column_major ? 1 : 0}});
  return layer.node_with_outputs("MaxPool", {layer.input(0)}, 2, attributes);
}

Names export_function(const AveragePooling& op, LayerExporter& layer) {
  const Windows w = windows_of(op, layer);
  ImageLayout layout(layer, w.window.spatial_dims(), op.channel_last);
  const Name x = layout.to_nchw();
  if (!op.including_pad)
    return {layout.from_nchw(layer.node("AveragePool", {x}, attributes_of(w)))};
  const Name average = full_average(layer, x, w);
  if (!w.overhang) return {layout.from_nchw(average)};
  // What lies beyond the padding does not count.
  Shape image{1, 1};
  image.insert(image.end(), w.spatial.begin(), w.spatial.end());
  const at::Tensor counts = w.window.counts(at::empty(image, layer.real_type()), true);
  const Name factor = layer.constant(window_size(w) / counts, "factor");
  return {layout.from_nchw(layer.node("Mul", {average, factor}))};
}

Names export_function(const SumPooling& op, LayerExporter& layer) {
  const Windows w = windows_of(op, layer);
  ImageLayout layout(layer, w.window.spatial_dims(), op.channel_last);
  const Name average = full_average(layer, layout.to_nchw(), w);
  return {layout.from_nchw(layer.node("Mul", {average, layer.number(window_size(w))}))};
}

// The exact sums of integers: a convolution with ones, each channel by itself.
Names export_function(const QuantizedAveragePooling& op, LayerExporter& layer) {
  constexpr size_t kXScale = 1, kYScale = 3;
  IntegerNodes nodes(layer, op, kYScale);
  const Windows w = windows_of(static_cast<const AveragePooling&>(op), layer);
  const int64_t n = w.window.spatial_dims();
  const int64_t channel_axis = layer.rank(0) - (op.channel_last ? 1 : n + 1);
  const int64_t channels = channel_axis < 0 ? 1 : layer.shape(0)[channel_axis];
  if (channels == kFreeDim || w.spatial.num_elements() == kFreeDim) {
    layer.fail("needs the size of the image, which is not known; fix the network's input");
  }
  Shape kernel{channels, 1};
  kernel.insert(kernel.end(), w.window.kernel().begin(), w.window.kernel().end());
  ImageLayout layout(layer, n, op.channel_last);
  std::vector<NodeAttribute> attributes = attributes_of(w);
  attributes.push_back({"group", channels});
  const Name sums = layer.node(
      "Conv", {nodes.centred(layout.to_nchw(), 2), layer.constant(at::ones(kernel), "ones")},
      attributes);
  Shape image{1, 1};
  image.insert(image.end(), w.spatial.begin(), w.spatial.end());
  const at::Tensor counts = w.window.counts(at::empty(image, at::kFloat), op.including_pad);
  const at::Tensor multiplier = nodes.value(kXScale) / counts / nodes.value(kYScale);
  const Name steps = layer.node("Mul", {sums, layer.constant(multiplier, "multiplier")});
  return {layout.from_nchw(nodes.of_steps(steps))};
}

}  // namespace octet
