// ONNX files: a network with its parameters.
#pragma once

#include <cstdint>
#include <string>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

struct OnnxWriteOptions {
  // The version of ONNX's operators, 13 to 21. What a version lacks is written with others.
  int64_t opset = 17;
  // The first dimension of the inputs is left free in the file (called N), and so in all that
  // follows from it. Otherwise the shapes are written as they are.
  bool variable_batch_size = true;
  // Before the file gets its name: ONNX's checker with full shape inference, and the file is read
  // back, run on random inputs and compared with the graph.
  bool check = true;
};

// Writes the part of the graph that its outputs need. Names of inputs, outputs, values and layers
// are kept; Q/DQ pairs become QuantizeLinear and DequantizeLinear, parameters that are integers
// (passes/quantize_parameters.h) are stored as such. Equal models give equal bytes.
//
// Throws Error for a graph without outputs, a parameter that the store lacks, an opset that is not
// known, and, naming the layer, for what ONNX cannot express: losses, metrics, random numbers,
// layers that are in training, other bits than 8, rounding half away from zero. FileError if the
// file cannot be written; Error if it does not hold what the graph computes.
void write_onnx(const std::string& path, const Graph& graph, const ParameterStore& parameters,
                const OnnxWriteOptions& options = {});

// The same as bytes, without the check.
std::string format_onnx(const Graph& graph, const ParameterStore& parameters,
                        const OnnxWriteOptions& options = {});

}  // namespace octet
