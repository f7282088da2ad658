#include "tests/support/operation_runner.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/base/error.h"
#include "octet/base/random.h"

namespace octet {
namespace {

at::Tensor weighted_sum(const std::vector<at::Tensor>& outputs) {
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (const at::Tensor& output : outputs) {
    sum = sum + (output * random_double(Shape(output.sizes().vec()), 99).detach()).sum();
  }
  return sum;
}

double value_at(const Attributes& attributes, std::vector<at::Tensor> inputs, size_t index,
                const at::Tensor& moved) {
  for (at::Tensor& input : inputs) input = input.detach().clone();
  inputs[index] = moved;
  return weighted_sum(run_op(attributes, inputs)).item<double>();
}

}  // namespace

OutputTypes infer_op(const Attributes& attributes, const std::vector<Shape>& shapes) {
  std::vector<VariableType> types;
  for (const Shape& shape : shapes) types.push_back({DType::kFloat32, shape, {}});
  return infer_types(attributes, types);
}

std::vector<at::Tensor> run_op(const Attributes& attributes,
                               const std::vector<at::Tensor>& inputs) {
  std::vector<Shape> shapes;
  for (const at::Tensor& input : inputs) shapes.emplace_back(input.sizes().vec());
  const OutputTypes types = infer_op(attributes, shapes);
  RandomState random(7);
  ForwardContext context{.random = &random, .where = "layer"};
  OutputTensors outputs = run_forward(attributes, inputs, context);
  EXPECT_EQ(outputs.size(), types.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(Shape(outputs[i].sizes().vec()), types.at(i).shape) << type_name(attributes);
  }
  return outputs;
}

std::string error_message(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string infer_error(const Attributes& attributes, const std::vector<Shape>& shapes) {
  return error_message([&] { infer_op(attributes, shapes); });
}

double error_in_eps(const at::Tensor& actual, const at::Tensor& expected) {
  if (actual.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  if (expected.numel() == 0) return 0;
  const double largest = std::max(expected.abs().max().item<double>(), 1e-30);
  const double difference = (actual - expected).abs().max().item<double>();
  return difference / largest / std::numeric_limits<float>::epsilon();
}

double gradient_error(const Attributes& attributes, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& input : inputs) {
    copies.push_back(input.detach().clone().set_requires_grad(input.requires_grad()));
  }
  weighted_sum(run_op(attributes, copies)).backward();
  double worst = 0;
  constexpr double kStep = 1e-6;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    const at::Tensor direction = random_double(Shape(inputs[i].sizes().vec()), 5 + i).detach();
    const at::Tensor x = inputs[i].detach();
    const double expected = (value_at(attributes, inputs, i, x + kStep * direction) -
                             value_at(attributes, inputs, i, x - kStep * direction)) /
                            (2 * kStep);
    const double actual =
        copies[i].grad().defined() ? (copies[i].grad() * direction).sum().item<double>() : 0.0;
    worst = std::max(worst, std::abs(actual - expected) / std::max(1.0, std::abs(expected)));
  }
  return worst;
}

at::Tensor random_double(const Shape& shape, uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::empty(shape, at::kDouble).normal_(0, 1, generator).set_requires_grad(true);
}

}  // namespace octet
