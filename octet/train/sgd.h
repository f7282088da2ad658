// Stochastic gradient descent: w <- w - lr * g.
// H. Robbins, S. Monro, "A Stochastic Approximation Method", 1951.
#pragma once

#include "octet/train/solver.h"

namespace octet {

struct SgdOptions {
  double learning_rate = 1e-3;
};

class Sgd : public Solver {
 public:
  explicit Sgd(const SgdOptions& options = {});
  std::string type() const override { return "Sgd"; }

 private:
  std::vector<std::string> state_names() const override { return {}; }
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;
};

}  // namespace octet
