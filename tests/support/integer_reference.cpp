#include "tests/support/integer_reference.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "octet/base/random.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// Counts a position through a shape; false when it is through.
bool next(Shape& position, const Shape& shape) {
  for (int64_t i = shape.rank() - 1; i >= 0; --i) {
    if (++position[i] < shape[i]) return true;
    position[i] = 0;
  }
  return false;
}

int64_t flat(const Shape& position, const Shape& shape) {
  int64_t index = 0;
  for (int64_t i = 0; i < shape.rank(); ++i) index = index * shape[i] + position[i];
  return index;
}

std::vector<int64_t> values(const at::Tensor& x) {
  const at::Tensor whole = x.to(at::kLong).contiguous();
  return {whole.data_ptr<int64_t>(), whole.data_ptr<int64_t>() + whole.numel()};
}

// Calls visit(x index, w index, y index) for each product of a convolution that `large` is the
// input and `small` the output of.
template <class Visit>
void for_each_product(const ConvolutionReference& op, const Shape& large, const Shape& small,
                      const Shape& w, Visit&& visit) {
  const int64_t maps = w[0];
  const int64_t channels = w[1];
  Shape at_small(small.size(), 0);
  do {
    const int64_t group = at_small[1] / (maps / op.group);
    Shape at_w(w.size(), 0);
    at_w[0] = at_small[1];
    Shape counted = w;
    counted[0] = 1;
    Shape k(w.size(), 0);
    do {
      at_w = k;
      at_w[0] = at_small[1];
      Shape at_large{at_small[0], group * channels + k[1]};
      bool inside = true;
      for (int64_t i = 2; i < small.rank(); ++i) {
        const int64_t p =
            at_small[i] * op.stride[i - 2] - op.pad[i - 2] + k[i] * op.dilation[i - 2];
        inside = inside && p >= 0 && p < large[i];
        at_large.push_back(p);
      }
      if (inside) visit(flat(at_large, large), flat(at_w, w), flat(at_small, small));
    } while (next(k, counted));
  } while (next(at_small, small));
}

Shape shape_of(const at::Tensor& x) {
  return x.sizes().vec();
}

}  // namespace

int64_t IntegerCases::number(int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random_);
}

float IntegerCases::scale() {
  return std::uniform_real_distribution<float>(0.002F, 0.05F)(random_);
}

at::Tensor IntegerCases::scales(int64_t count) {
  at::Tensor result = at::empty({count}, at::kFloat);
  for (int64_t i = 0; i < count; ++i) result[i] = scale();
  return result;
}

at::Tensor IntegerCases::integers(const Shape& shape, int64_t low, int64_t high) {
  at::Tensor result = at::empty(shape, at::kFloat);
  float* data = result.data_ptr<float>();
  for (int64_t i = 0; i < result.numel(); ++i) data[i] = static_cast<float>(number(low, high));
  return result;
}

int64_t requantize_reference(int64_t acc, float m, int64_t zero_point, int64_t low, int64_t high) {
  const float steps = static_cast<float>(acc) * m;
  return std::clamp(static_cast<int64_t>(std::nearbyint(steps)) + zero_point, low, high);
}

at::Tensor ConvolutionReference::run(const at::Tensor& x, const at::Tensor& w,
                                     const Shape& output) const {
  const std::vector<int64_t> xs = values(x);
  const std::vector<int64_t> ws = values(w);
  at::Tensor y = at::zeros(output, at::kLong);
  int64_t* ys = y.data_ptr<int64_t>();
  for_each_product(*this, shape_of(x), output, shape_of(w),
                   [&](int64_t i, int64_t j, int64_t k) { ys[k] += xs[i] * ws[j]; });
  return y;
}

at::Tensor ConvolutionReference::run_transposed(const at::Tensor& x, const at::Tensor& w,
                                                const Shape& output) const {
  const std::vector<int64_t> xs = values(x);
  const std::vector<int64_t> ws = values(w);
  at::Tensor y = at::zeros(output, at::kLong);
  int64_t* ys = y.data_ptr<int64_t>();
  for_each_product(*this, output, shape_of(x), shape_of(w),
                   [&](int64_t i, int64_t j, int64_t k) { ys[i] += xs[k] * ws[j]; });
  return y;
}

at::Tensor run_integers(const Attributes& attributes, const std::vector<at::Tensor>& inputs) {
  RandomState random;
  ForwardContext context;
  context.random = &random;
  context.where = "test";
  const at::Tensor y = run_forward(attributes, inputs, context)[0];
  EXPECT_EQ(Shape(y.sizes().vec()), infer_types(attributes, types_of(inputs))[0].shape);
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(y, y.round()));
  return y;
}

at::Tensor integer_gradient(const Attributes& attributes, std::vector<at::Tensor> inputs,
                            size_t index, const at::Tensor& dy) {
  inputs[index] = inputs[index].clone().set_requires_grad(true);
  run_integers(attributes, inputs).backward(dy);
  return inputs[index].grad();
}

std::vector<VariableType> types_of(const std::vector<at::Tensor>& inputs) {
  std::vector<VariableType> types;
  for (const at::Tensor& input : inputs) types.push_back(type_of(input));
  return types;
}

}  // namespace octet
