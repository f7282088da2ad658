#include "tests/support/op_samples.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

namespace octet {

std::string describe(const OpSample& sample) {
  std::vector<std::string> shapes;
  for (const at::Tensor& input : sample.inputs) {
    shapes.push_back(to_string(Shape(input.sizes().vec())));
  }
  return fmt::format("{} {} {}", type_name(sample.attributes),
                     attributes_to_string(sample.attributes), fmt::join(shapes, ", "));
}

const std::vector<OpSample>& op_samples() {
  static const std::vector<OpSample> all = [] {
    std::vector<OpSample> samples;
    for (const auto family :
         {elementwise_samples, layer_samples, shape_samples, loss_samples, quantization_samples}) {
      for (OpSample& sample : family()) samples.push_back(std::move(sample));
    }
    return samples;
  }();
  return all;
}

at::Tensor SampleInputs::uniform(const Shape& shape, double low, double high) {
  return at::empty(shape, at::kFloat).uniform_(low, high, random_.generator(at::kCPU));
}

at::Tensor SampleInputs::integers(const Shape& shape, int64_t count) {
  return at::empty(shape, at::kLong).random_(0, count, random_.generator(at::kCPU));
}

at::Tensor SampleInputs::bits(const Shape& shape) {
  return integers(shape, 2).to(at::kFloat);
}

}  // namespace octet
