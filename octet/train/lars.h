// Layer-wise adaptive rate scaling: each parameter gets a learning rate in proportion to its norm.
//   x  = |g| + decay * |w|, plus eps where that is less than eps
//   l  = lr * coefficient * |w| / x, and l = lr where |w| < eps
//   v <- momentum * v + l * (g + decay * w)
//   w <- w - v
// Y. You, I. Gitman, B. Ginsburg, "Large Batch Training of Convolutional Networks", 2017,
// algorithm 1; the treatment of small norms as in NNabla's Lars. |.| is the L2 norm.
#pragma once

#include "octet/train/solver.h"

namespace octet {

struct LarsOptions {
  double learning_rate = 1e-3;
  double momentum = 0.9;
  double coefficient = 1e-3;
  double eps = 1e-6;
};

class Lars : public Solver {
 public:
  // Throws Error unless 0 <= momentum < 1, coefficient > 0 and eps > 0.
  explicit Lars(const LarsOptions& options = {});
  std::string type() const override { return "Lars"; }

  // The decay of the next update() alone; gradients stay as they are, since the rule needs the norm
  // of the bare ones. A second call before update() adds to the first.
  void weight_decay(double decay) override;

 private:
  std::vector<std::string> state_names() const override { return {"v"}; }
  // False: the rule needs the norms of whole parameters.
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;
  // l of the formula for each parameter.
  std::vector<at::Scalar> local_rates(const Step& step) const;

  LarsOptions options_;
  double decay_ = 0;
};

}  // namespace octet
