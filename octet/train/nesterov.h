// Nesterov's accelerated gradient, written for the point that the weights have already moved to:
//   v' <- m * v - lr * g
//   w  <- w - m * v + (1 + m) * v'   =  w + m * v' - lr * g
// Y. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)",
// 1983; in this form Y. Bengio et al., "Advances in Optimizing Recurrent Networks", 2012, eq. 7,
// and NNabla's Nesterov. The learning rate is inside v.
#pragma once

#include "octet/train/solver.h"

namespace octet {

struct NesterovOptions {
  double learning_rate = 1e-3;
  double momentum = 0.9;
};

class Nesterov : public Solver {
 public:
  // Throws Error unless 0 <= momentum < 1.
  explicit Nesterov(const NesterovOptions& options = {});
  std::string type() const override { return "Nesterov"; }

 private:
  std::vector<std::string> state_names() const override { return {"m"}; }
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;

  double momentum_;
};

}  // namespace octet
