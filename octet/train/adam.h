// Adam:
//   m <- b1 * m + (1 - b1) * g
//   v <- b2 * v + (1 - b2) * g^2
//   w <- w - lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)
// D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015; the last line is the
// quicker order of section 2's end, as NNabla has it. There eps is added to sqrt(v) before the
// bias correction, in PyTorch after it. t counts the updates of each parameter on its own.
#pragma once

#include "octet/train/solver.h"

namespace octet {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
};

class Adam : public Solver {
 public:
  // Throws Error unless 0 <= beta1, beta2 < 1 and eps > 0.
  explicit Adam(const AdamOptions& options = {});
  std::string type() const override { return "Adam"; }

 private:
  std::vector<std::string> state_names() const override { return {"mean", "var"}; }
  bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) override;
  void apply(const Step& step) override;

  AdamOptions options_;
};

// The step of Adam and AdamW. `means` and `variances` are m and v; t is counts[i] for the i-th.
void adam_step(const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& gradients,
               const std::vector<at::Tensor>& means, const std::vector<at::Tensor>& variances,
               const std::vector<int64_t>& counts, const AdamOptions& options);

// The same over pieces, whose states are m and v. kept[i] multiplies the i-th old w.
void adam_step(kernels::ParameterPieces pieces, const std::vector<float>& kept,
               const std::vector<int64_t>& counts, const AdamOptions& options);

}  // namespace octet
