#include "tests/support/run_operation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

at::Tensor weighted_sum(const Attributes& attributes, const std::vector<at::Tensor>& inputs) {
  const at::Tensor y = run_one(attributes, inputs);
  return (y * at::arange(1, y.numel() + 1, y.options()).reshape(y.sizes()).cos()).sum();
}

}  // namespace

VariableType type_of(const at::Tensor& x) {
  return {dtype_of(x.scalar_type()), Shape(x.sizes().vec()), {}};
}

at::Tensor doubles(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

OutputTensors run_operation(const Attributes& attributes, const std::vector<at::Tensor>& inputs,
                            uint64_t seed) {
  std::vector<VariableType> types;
  for (const at::Tensor& input : inputs) types.push_back(type_of(input));
  const OutputTypes expected = infer_types(attributes, types);
  RandomState random(seed);
  ForwardContext context{&random, "test"};
  OutputTensors outputs = run_forward(attributes, inputs, context);
  EXPECT_EQ(outputs.size(), expected.size()) << type_name(attributes);
  for (size_t i = 0; i < std::min(outputs.size(), expected.size()); ++i) {
    EXPECT_EQ(to_string(type_of(outputs[i]).shape), to_string(expected[i].shape))
        << type_name(attributes);
    EXPECT_EQ(to_string(dtype_of(outputs[i].scalar_type())), to_string(expected[i].dtype))
        << type_name(attributes);
  }
  return outputs;
}

at::Tensor run_one(const Attributes& attributes, const std::vector<at::Tensor>& inputs) {
  return run_operation(attributes, inputs).at(0);
}

std::vector<at::Tensor> input_gradients(const Attributes& attributes,
                                        const std::vector<at::Tensor>& inputs,
                                        const at::Tensor& dy) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs) {
    const at::Tensor leaf = input.detach().clone();
    leaves.push_back(leaf.is_floating_point() ? leaf.requires_grad_() : leaf);
  }
  const at::Tensor y = run_one(attributes, leaves);
  y.backward(dy.defined() ? dy : at::ones_like(y));
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& leaf : leaves) gradients.push_back(leaf.grad());
  return gradients;
}

double gradient_error(const Attributes& attributes, const std::vector<at::Tensor>& inputs) {
  constexpr double kStep = 1e-6;
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(input.clone().requires_grad_());
  weighted_sum(attributes, leaves).backward();
  double largest = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (int64_t j = 0; j < inputs[i].numel(); ++j) {
      const auto moved = [&](double step) {
        std::vector<at::Tensor> values = inputs;
        values[i] = inputs[i].clone();
        values[i].view({-1})[j] += step;
        return weighted_sum(attributes, values).item<double>();
      };
      const double slope = (moved(kStep) - moved(-kStep)) / (2 * kStep);
      const double gradient = leaves[i].grad().reshape({-1})[j].item<double>();
      largest = std::max(largest, std::abs(slope - gradient));
    }
  }
  return largest;
}

std::string infer_error(const Attributes& attributes, const std::vector<Shape>& shapes) {
  std::vector<VariableType> types;
  for (const Shape& shape : shapes) types.push_back({DType::kFloat32, shape, {}});
  try {
    infer_types(attributes, types);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string run_error(const Attributes& attributes, const std::vector<at::Tensor>& inputs) {
  try {
    run_operation(attributes, inputs);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace octet
