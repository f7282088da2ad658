// Single operations on tensors, without a graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "octet/ops/operation.h"

namespace octet {

// A tensor of float64, in which results by hand can be compared closely.
at::Tensor doubles(const std::vector<double>& values);

VariableType type_of(const at::Tensor& x);

// The outputs. Expects (as a test assertion) that shapes and element types are the inferred ones.
OutputTensors run_operation(const Attributes& attributes, const std::vector<at::Tensor>& inputs,
                            uint64_t seed = 0);

// The first output.
at::Tensor run_one(const Attributes& attributes, const std::vector<at::Tensor>& inputs);

// What arrives at each input when `dy` (empty: ones) comes back to the first output; undefined
// where nothing arrives.
std::vector<at::Tensor> input_gradients(const Attributes& attributes,
                                        const std::vector<at::Tensor>& inputs,
                                        const at::Tensor& dy = {});

// The largest difference between the gradients of a weighted sum of the first output and central
// differences in float64. The inputs are float64 tensors, away from kinks.
double gradient_error(const Attributes& attributes, const std::vector<at::Tensor>& inputs);

// What infer_types() says about float32 inputs of these shapes: its error, or "no error".
std::string infer_error(const Attributes& attributes, const std::vector<Shape>& shapes);

// The Error that running the operation throws, or "no error".
std::string run_error(const Attributes& attributes, const std::vector<at::Tensor>& inputs);

}  // namespace octet
