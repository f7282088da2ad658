// Gradient descent with momentum m:
//   v <- m * v + lr * g
//   w <- w - v
// N. Qian, "On the momentum term in gradient descent learning algorithms", 1999, and NNabla's
// Momentum. The learning rate is inside v, so after a change of it the old v keeps its old scale;
// PyTorch's SGD has it outside. Both are the same while the rate is constant.
#pragma once

#include "octet/train/solver.h"

namespace octet {

struct MomentumOptions {
  double learning_rate = 1e-3;
  double momentum = 0.9;
};

class Momentum : public Solver {
 public:
  // Throws Error unless 0 <= momentum < 1.
  explicit Momentum(const MomentumOptions& options = {});
  std::string type() const override { return "Momentum"; }

 private:
  std::vector<std::string> state_names() const override { return {"m"}; }
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;

  double momentum_;
};

}  // namespace octet
