// Runs one operation on tensors, without a graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "octet/ops/operation.h"

namespace octet {

// infer() on the shapes of the inputs.
OutputTypes infer_op(const Attributes& attributes, const std::vector<Shape>& shapes);

// forward(); fails the running test if an output's shape is not the one that infer() gives.
std::vector<at::Tensor> run_op(const Attributes& attributes, const std::vector<at::Tensor>& inputs);

// The message of the Error that the call throws; "no error" if it throws none.
std::string error_message(const std::function<void()>& call);
// Likewise for infer_op().
std::string infer_error(const Attributes& attributes, const std::vector<Shape>& shapes);

// max |actual - expected| in units of float's eps times the largest |expected| (at least 1e-30).
double error_in_eps(const at::Tensor& actual, const at::Tensor& expected);

// Compares autograd's directional derivatives with central differences of the sum of all outputs,
// each weighted with a fixed random tensor, for every input that requires a gradient. Inputs should
// be float64. Returns the largest relative error.
double gradient_error(const Attributes& attributes, const std::vector<at::Tensor>& inputs);

// Reproducible normal float64 values that require a gradient.
at::Tensor random_double(const Shape& shape, uint64_t seed);

}  // namespace octet
