// Fourier transforms, and the matrix that makes a mel spectrum of one.
#include <ATen/ATen.h>

#include <cmath>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// What a few bytes of a file may ask for.
constexpr double kMostElements = 1 << 24;

// Sample i of frame f is sample f step + i of the signal.
at::Tensor frame_positions(int64_t frames, int64_t step, int64_t length) {
  return at::arange(frames, at::kLong).mul(step).unsqueeze(1).add(at::arange(length, at::kLong));
}

}  // namespace

// Until version 19, the axis is an attribute.
OnnxValues import_dft(OnnxNode& node, OnnxGraphBuilder& graph) {
  DFT op{
      .axis = -2, .inverse = node.flag("inverse", false), .onesided = node.flag("onesided", false)};
  if (node.opset() < 20) {
    op.axis = node.integer("axis", 1);
  } else if (node.has_input(2)) {
    op.axis = node.known_integer(2);
  }
  if (node.has_input(1)) {
    op.dft_length = node.known_integer(1);
    node.check(op.dft_length > 0, "has the dft_length {}", op.dft_length);
  }
  return {graph.emit(op, {node.input(0)})};
}

// The frames of the signal, each times the window, each transformed.
OnnxValues import_stft(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Shape signal = graph.shape_of(node.input(0));
  node.check(signal.rank() == 3 && signal[1] != kFreeDim,
             "has a signal {}; it needs three dimensions, of which the length must be known",
             to_string(signal));
  const int64_t step = node.known_integer(1);
  const OnnxValue window = node.optional_input(2);
  int64_t length = window == nullptr ? signal[1] : graph.shape_of(window).num_elements();
  if (node.has_input(3)) length = node.known_integer(3);
  node.check(step >= 1 && length >= 1 && length <= signal[1],
             "takes frames of {} samples in steps of {} from a signal {}", length, step,
             to_string(signal));
  const int64_t frames = (signal[1] - length) / step + 1;
  node.check(static_cast<double>(frames) * static_cast<double>(length) <= kMostElements,
             "takes {} frames of {} samples", frames, length);
  OnnxValue x = graph.emit(Gather{.axis = 1},
                           {node.input(0), graph.constant(frame_positions(frames, step, length))});
  if (window != nullptr) {
    node.check(graph.shape_of(window) == Shape{length}, "has a window {} for frames of {} samples",
               to_string(graph.shape_of(window)), length);
    x = graph.emit(Mul2{}, {x, reshape_to(graph, window, Shape{length, 1})});
  }
  return {graph.emit(DFT{.axis = 2, .onesided = node.flag("onesided", true)}, {x})};
}

namespace {

// The bins of a transform that the edges of `bands` bands lie in, equally far apart on the mel
// scale: mel(f) = 2595 log10(1 + f / 700). ONNX divides by one more than there are steps.
IntList mel_edges(int64_t bands, int64_t dft_length, double sample_rate, double lowest,
                  double highest) {
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double step = (mel(highest) - mel(lowest)) / static_cast<double>(bands + 2);
  IntList edges;
  for (int64_t i = 0; i < bands + 2; ++i) {
    const double at = mel(lowest) + static_cast<double>(i) * step;
    const double hertz = 700 * (std::pow(10.0, at / 2595) - 1);
    edges.push_back(static_cast<int64_t>(
        std::floor(static_cast<double>(dft_length + 1) * hertz / sample_rate)));
  }
  return edges;
}

// Rises from the left edge to 1 at the centre and falls to the right edge.
void fill_triangle(at::TensorAccessor<float, 2> matrix, int64_t band, int64_t left, int64_t centre,
                   int64_t right) {
  for (int64_t j = left; j <= centre; ++j) {
    matrix[j][band] = left == centre ? 1.0F
                                     : static_cast<float>(static_cast<double>(j - left) /
                                                          static_cast<double>(centre - left));
  }
  for (int64_t j = centre; j < right; ++j) {
    matrix[j][band] =
        static_cast<float>(static_cast<double>(right - j) / static_cast<double>(right - centre));
  }
}

}  // namespace

OnnxValues import_mel_weight_matrix(OnnxNode& node, OnnxGraphBuilder& graph) {
  const int64_t bands = node.known_integer(0);
  const int64_t dft_length = node.known_integer(1);
  const int64_t sample_rate = node.known_integer(2);
  const double lowest = node.known_number(3);
  const double highest = node.known_number(4);
  const DType type =
      dtype_of_onnx(static_cast<int32_t>(node.integer("output_datatype", 1)), node.where());
  const int64_t bins = dft_length / 2 + 1;
  node.check(bands >= 1 && dft_length >= 1 && sample_rate >= 1 &&
                 static_cast<double>(bands) * static_cast<double>(bins) <= kMostElements,
             "has {} bands of a DFT of {} at {} Hz", bands, dft_length, sample_rate);
  node.check(lowest >= 0 && highest >= lowest && highest <= static_cast<double>(sample_rate),
             "has bands from {} to {} Hz of a signal at {} Hz", lowest, highest, sample_rate);
  const IntList edges =
      mel_edges(bands, dft_length, static_cast<double>(sample_rate), lowest, highest);
  node.check(edges[bands] < bins && edges[bands + 1] <= bins,
             "has bands up to {} Hz, the transform of a signal at {} Hz ends at half of that",
             highest, sample_rate);
  const at::Tensor matrix = at::zeros({bins, bands}, at::kFloat);
  for (int64_t band = 0; band < bands; ++band) {
    fill_triangle(matrix.accessor<float, 2>(), band, edges[band], edges[band + 1], edges[band + 2]);
  }
  return {graph.constant(matrix.to(scalar_type_of(type)))};
}

}  // namespace octet
