#include "octet/formats/onnx/import_integer_layers.h"

#include <ATen/ATen.h>

#include "octet/formats/onnx/import_convolution.h"

namespace octet {
namespace {

constexpr size_t kX = 0, kXScale = 1, kXZeroPoint = 2, kW = 3, kWScale = 4, kWZeroPoint = 5,
                 kYScale = 6, kYZeroPoint = 7, kBiasInput = 8;

bool is_small(const OnnxGraphBuilder& graph, const OnnxValue& value) {
  const DType dtype = graph.dtype_of_value(value);
  return dtype == DType::kInt8 || dtype == DType::kUInt8;
}

bool is_number(const OnnxValue& value) {
  return is_known(value) && is_constant(value) && value->known[0].numel() == 1;
}

// A scale or zero point, laid out along `axis` of a value of that rank.
OnnxValue qparam(const OnnxNode& node, OnnxGraphBuilder& graph, size_t index, int64_t rank,
                 int64_t axis = -1) {
  const OnnxValue& given = node.input(index);
  Shape shape(static_cast<size_t>(rank), 1);
  if (given->known[0].numel() > 1) shape[axis] = given->known[0].numel();
  return graph.buffer(graph.in_shape(given, shape));
}

template <class Layer>
Layer with_output(const OnnxNode& node, const OnnxGraphBuilder& graph, Layer layer) {
  const QuantFormat format = full_format(graph.dtype_of_value(node.input(kYZeroPoint)));
  set_output(layer, quantize_linear_for(format, RoundMode::HALF_TO_EVEN, Ste::CLIPPED), "NONE");
  return layer;
}

// Those of an integer layer (quantized_layers.h); the weight's channels stand at w_axis.
OnnxValues layer_inputs(const OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                        int64_t w_axis, int64_t y_rank) {
  const int64_t x_rank = graph.rank_of(x);
  OnnxValues inputs{x,
                    qparam(node, graph, kXScale, x_rank),
                    qparam(node, graph, kXZeroPoint, x_rank),
                    graph.buffer(node.input(kW)),
                    qparam(node, graph, kWScale, graph.rank_of(node.input(kW)), w_axis),
                    qparam(node, graph, kYScale, y_rank),
                    qparam(node, graph, kYZeroPoint, y_rank)};
  if (node.has_input(kBiasInput)) inputs.push_back(graph.buffer(node.input(kBiasInput)));
  return inputs;
}

bool has_output(const OnnxNode& node, const OnnxGraphBuilder& graph) {
  return is_number(node.input(kYScale)) && is_number(node.input(kYZeroPoint)) &&
         is_small(graph, node.input(kYZeroPoint));
}

}  // namespace

bool is_integer_layer(const OnnxNode& node, const OnnxGraphBuilder& graph) {
  const OnnxValue& w = node.input(kW);
  const OnnxValue& w_scale = node.input(kWScale);
  const OnnxValue& w_zero_point = node.input(kWZeroPoint);
  const bool known = is_known(w) && is_constant(w) && is_known(w_scale) && is_constant(w_scale) &&
                     is_known(w_zero_point) && is_constant(w_zero_point);
  if (!known || w->known[0].scalar_type() != at::kChar || w->known[0].dim() < 2) return false;
  const int64_t channels = w->known[0].size(w->known[0].dim() == 2 ? 1 : 0);
  const int64_t scales = w_scale->known[0].numel();
  const bool bias_known = !node.has_input(kBiasInput) || is_known(node.input(kBiasInput));
  return (scales == 1 || scales == channels) && bias_known &&
         w_zero_point->known[0].eq(0).all().item<bool>() && !is_known(node.input(kX)) &&
         is_small(graph, node.input(kX)) && is_number(node.input(kXScale)) &&
         is_number(node.input(kXZeroPoint)) && has_output(node, graph);
}

bool is_integer_product(const OnnxNode& node, const OnnxGraphBuilder& graph) {
  for (const size_t index : {kX, kW}) {
    const bool flows = !is_known(node.input(index)) && is_small(graph, node.input(index)) &&
                       graph.rank_of(node.input(index)) >= 2;
    if (!flows || !is_number(node.input(index + 1)) || !is_number(node.input(index + 2))) {
      return false;
    }
  }
  return has_output(node, graph);
}

OnnxValue integer_convolution(OnnxNode& node, OnnxGraphBuilder& graph) {
  const auto zero_point = node.input(kXZeroPoint)->known[0].item<float>();
  const auto [op, x] =
      convolution_of(node, graph, node.input(kX), node.input(kW), /*padding=*/zero_point);
  QuantizedConvolution layer;
  static_cast<Convolution&>(layer) = op;
  return graph.emit(with_output(node, graph, layer),
                    layer_inputs(node, graph, x, /*w_axis=*/0, graph.rank_of(x)));
}

OnnxValue integer_affine(const OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(kX);
  QuantizedAffine layer;
  layer.base_axis = graph.rank_of(x) - 1;
  return graph.emit(with_output(node, graph, layer),
                    layer_inputs(node, graph, x, /*w_axis=*/1, graph.rank_of(x)));
}

OnnxValue integer_product(const OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t a = graph.rank_of(node.input(kX));
  const int64_t b = graph.rank_of(node.input(kW));
  const int64_t y = std::max(a, b);
  return graph.emit(
      with_output(node, graph, QuantizedBatchMatmul{}),
      {node.input(kX), qparam(node, graph, kXScale, a), qparam(node, graph, kXZeroPoint, a),
       node.input(kW), qparam(node, graph, kWScale, b), qparam(node, graph, kWZeroPoint, b),
       qparam(node, graph, kYScale, y), qparam(node, graph, kYZeroPoint, y)});
}

}  // namespace octet
