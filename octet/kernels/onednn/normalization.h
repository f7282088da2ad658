// Batch normalization over (N, H, W) in float32, by oneDNN.
#pragma once

#include <memory>

#include "octet/kernels/layout.h"

namespace octet::kernels {

// x and y: (N, C, H, W) in one layout; everything else has C values. var is the biased variance.
class Normalization {
 public:
  struct Options {
    float epsilon = 1e-5F;
    bool batch_statistics = true;  // forward() computes mean and var; else they are given
    bool gradients = true;
  };
  Normalization(const Shape& shape, Layout layout, const Options& options);
  ~Normalization();
  Normalization(Normalization&&) noexcept;

  void forward(const float* x, const float* gamma, const float* beta, float* mean, float* var,
               float* y);
  void backward(const float* x, const float* dy, const float* gamma, const float* beta,
                const float* mean, const float* var, float* dx, float* dgamma, float* dbeta);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octet::kernels
