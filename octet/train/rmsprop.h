// RMSprop:
//   v <- decay * v + (1 - decay) * g^2
//   w <- w - lr * g / (sqrt(v) + eps)
// T. Tieleman, G. Hinton, "Lecture 6.5: RMSProp", Coursera, 2012, and NNabla's RMSprop.
#pragma once

#include "octet/train/solver.h"

namespace octet {

struct RMSpropOptions {
  double learning_rate = 1e-3;
  double decay = 0.9;
  double eps = 1e-8;
};

class RMSprop : public Solver {
 public:
  // Throws Error unless 0 <= decay < 1 and eps > 0.
  explicit RMSprop(const RMSpropOptions& options = {});
  std::string type() const override { return "RMSprop"; }

 private:
  std::vector<std::string> state_names() const override { return {"v"}; }
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;

  double decay_;
  double eps_;
};

}  // namespace octet
