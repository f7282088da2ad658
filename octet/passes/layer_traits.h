// What passes know about kinds of layers: which have weights, along which axes, which are never
// quantized. One place, so that the passes agree.
#pragma once

#include <optional>

#include "octet/graph/graph.h"

namespace octet {

// A layer with a weight: convolutions and affine.
struct WeightedLayer {
  int64_t output_axis = 0;   // of the weight: output channels
  int64_t input_axis = -1;   // of the weight: input channels; -1 if it has none (depthwise)
  int64_t channel_axis = 1;  // of the layer's output
  // How often the weight's channels, and so their scales, stand in the output: once for each group
  // of a Deconvolution.
  int64_t repeats = 1;
  bool has_bias = false;
};

// Nothing for a function that is not one, or whose weight is not an input.
std::optional<WeightedLayer> weighted_layer(const Graph& graph, FunctionId id);

// Convolution, DepthwiseConvolution, Deconvolution, DepthwiseDeconvolution.
bool is_convolution(const Attributes& attributes);

// Types whose inputs are never recorded: what is folded, drawn at random, or no arithmetic at all
// (BatchNormalization, Dropout, Sink, losses, metrics, ...).
bool is_never_quantized(const Attributes& attributes);

// Whether input `index` carries real numbers that may be quantized: not indices, labels, states.
bool is_quantizable_input(const Graph& graph, FunctionId id, size_t index);

// Functions that a validation network may lack: they count in no correspondence between networks.
bool is_training_only(const Attributes& attributes);

// True for a parameter itself; constant_values.h knows what is computed from parameters alone.
bool is_parameter(const Graph& graph, VariableId id);

// "conv1/conv/W" -> "conv1/conv/"; "W" -> "".
std::string scope_of(const std::string& parameter_name);

}  // namespace octet
