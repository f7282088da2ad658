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

}  // namespace octet
