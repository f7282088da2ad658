#include "tests/support/gradient_check.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"
#include "octet/base/random.h"

namespace octet {
namespace {

constexpr double kStep = 1e-6;
constexpr int kDirections = 3;

class GradientCheck {
 public:
  GradientCheck(const TensorFunction& function, const std::vector<at::Tensor>& inputs,
                uint64_t seed)
      : function_(function), random_(seed) {
    for (const at::Tensor& input : inputs) {
      inputs_.push_back(
          input.detach().to(input.is_floating_point() ? at::kDouble : input.scalar_type()));
    }
  }

  double error(size_t index) {
    const at::Tensor direction = random_like(inputs_[index]);
    weights_.clear();
    const double expected =
        (value(index, direction * kStep) - value(index, direction * -kStep)) / (2 * kStep);
    const double actual = (gradient(index) * direction).sum().item<double>();
    return std::abs(actual - expected) / std::max(1.0, std::abs(expected));
  }

 private:
  at::Tensor random_like(const at::Tensor& x) {
    return at::empty(x.sizes(), at::kDouble).normal_(0, 1, random_.generator(at::kCPU));
  }

  std::vector<at::Tensor> copies() const {
    std::vector<at::Tensor> result;
    for (const at::Tensor& input : inputs_) result.push_back(input.clone());
    return result;
  }

  // <w, y>, with weights drawn at the first call for a direction.
  at::Tensor weighted(const std::vector<at::Tensor>& outputs) {
    at::Tensor sum = at::zeros({}, at::kDouble);
    size_t used = 0;
    for (const at::Tensor& y : outputs) {
      if (!y.is_floating_point()) continue;
      if (used == weights_.size()) weights_.push_back(random_like(y));
      sum = sum + (y * weights_[used++]).sum();
    }
    return sum;
  }

  double value(size_t index, const at::Tensor& change) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> arguments = copies();
    arguments[index] += change;
    return weighted(function_(arguments)).item<double>();
  }

  at::Tensor gradient(size_t index) {
    std::vector<at::Tensor> arguments = copies();
    arguments[index].requires_grad_();
    weighted(function_(arguments)).backward();
    OCTET_INTERNAL_CHECK(arguments[index].grad().defined());
    return arguments[index].grad();
  }

  const TensorFunction& function_;
  RandomState random_;
  std::vector<at::Tensor> inputs_;
  std::vector<at::Tensor> weights_;
};

}  // namespace

double gradient_check(const TensorFunction& function, const std::vector<at::Tensor>& inputs,
                      const std::vector<size_t>& wanted, uint64_t seed) {
  GradientCheck check(function, inputs, seed);
  double largest = 0;
  for (const size_t index : wanted) {
    for (int i = 0; i < kDirections; ++i) {
      const double error = check.error(index);
      largest = std::isnan(error) ? INFINITY : std::max(largest, error);
    }
  }
  return largest;
}

}  // namespace octet
