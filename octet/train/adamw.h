// Adam with decoupled weight decay:
//   w <- w - lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps) - eta * decay * w
// with m and v as in adam.h and eta = lr / (the learning rate that the solver was made with), both
// terms from the same old w.
// I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2, where eta
// is the schedule's multiplier; so has NNabla. PyTorch's AdamW multiplies the decay with the
// learning rate itself: its weight_decay = X is decay = X * (initial learning rate) here.
#pragma once

#include "octet/train/adam.h"
#include "octet/train/solver.h"

namespace octet {

struct AdamWOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-4;
};

// Solver::weight_decay() is not what is meant here: it adds to the gradient, as in every solver.
class AdamW : public Solver {
 public:
  // Throws Error unless learning_rate > 0, 0 <= beta1, beta2 < 1, eps > 0 and
  // 0 <= weight_decay < 1.
  explicit AdamW(const AdamWOptions& options = {});
  std::string type() const override { return "AdamW"; }

 private:
  std::vector<std::string> state_names() const override { return {"mean", "var"}; }
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;
  // What the decay leaves of w in this update.
  double kept() const;
  AdamOptions adam_options() const;

  AdamWOptions options_;
};

}  // namespace octet
