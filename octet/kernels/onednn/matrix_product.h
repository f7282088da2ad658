// C = A B in float32, by oneDNN, each operand as it lies or transposed.
#pragma once

#include <cstdint>
#include <memory>

namespace octet::kernels {

class MatrixProduct {
 public:
  // A: (rows, inner), B: (inner, columns), row by row; with a flag the memory holds the transposed
  // matrix. C: (rows, columns).
  struct Options {
    bool transposed_a = false;
    bool transposed_b = false;
    bool bias = false;  // (columns), added to each row
  };
  MatrixProduct(int64_t rows, int64_t inner, int64_t columns, const Options& options);
  ~MatrixProduct();
  MatrixProduct(MatrixProduct&&) noexcept;

  // bias: null without the option.
  void run(const float* a, const float* b, const float* bias, float* c) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octet::kernels
