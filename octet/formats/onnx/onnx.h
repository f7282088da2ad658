// ONNX models.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

struct OnnxReadOptions {
  // What the first dimension of the inputs becomes where the file leaves it open; kFreeDim leaves
  // it free.
  int64_t batch_size = kFreeDim;
  // Extents for other open dimensions, by their names in the file ("height"), or as "input:axis"
  // ("image:2") where they have none.
  std::map<std::string, int64_t> dimensions = {};
  // Inputs that have this value in every run and so are none of the network's (a shape, the number
  // k of TopK).
  std::map<std::string, at::Tensor> fixed_inputs = {};
  // Where the parameters go.
  c10::Device device = c10::kCPU;
};

struct OnnxModel {
  Graph graph;  // with the file's names of inputs, outputs and values
  // The initializers that the network reads, by their names. Floats have gradients, statistics and
  // quantization parameters have none.
  std::shared_ptr<ParameterStore> parameters;
  int64_t opset = 0;  // of the file
};

// Reads an .onnx file with its external data. Nothing is upgraded on the way: each operator is
// understood as its version in the file has it, as far back as importers.inc says. Arithmetic on
// shapes and constants is computed at once. float16 and bfloat16 become float32, unsigned integers
// beyond uint8 the next wider signed type.
//
// Throws FileError "[file: node 'name' (Type)] ..." for what the file gets wrong and for what is
// not supported: an operator, an attribute or its value, a shape that only a run would tell.
OnnxModel read_onnx(const std::string& path, const OnnxReadOptions& options = {});

// The same of bytes in memory; `path` is for messages and external data.
OnnxModel parse_onnx_model(const std::string& bytes, const std::string& path,
                           const OnnxReadOptions& options = {});

// ONNX's operators that are read as operations of Octet. Others are read if ONNX defines them by a
// function of these.
std::vector<std::string> supported_onnx_operators();

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
