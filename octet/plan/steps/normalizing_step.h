// A step that ends in a batch normalization, with the activation and the quantization behind it, or
// may do so.
#pragma once

#include <optional>

#include "octet/kernels/normalization.h"
#include "octet/ops/batch_normalization.h"
#include "octet/plan/steps/fused_quantize.h"
#include "octet/plan/steps/rounding_step.h"

namespace octet::plan {

// A BatchNormalization of images over all but the channels, and what stands behind it.
struct FusedNormalization {
  FunctionId function = kNoId;
  BatchNormalization op;
  std::vector<ValueId> inputs;  // of the function without x, behind them those of a quantization
  size_t own_inputs = 0;        // how many are the function's
  Finish finish;
  std::string name;

  ElementType type() const {
    return finish.quantize ? finish.quantize->type : ElementType::kFloat32;
  }
};

// Nothing for other functions, other axes and ranks, statistics of one value per channel, and
// parameters that the network computes.
std::optional<FusedNormalization> normalization_of(const Builder& builder, FunctionId id);
// The same of the function that alone reads a value.
std::optional<FusedNormalization> fusable_normalization(const Builder& builder, VariableId x);
// The value that it makes, whose step does the work of all its functions.
ValueId add_normalized(Builder& builder, const FusedNormalization& normalization,
                       kernels::Layout layout, const std::vector<ValueId>& inputs);

class NormalizingStep : public RoundingStep {
 protected:
  // `inputs` are the step's own and behind them those of the normalization, if there is one; rows:
  // of y. Without one this is a RoundingStep of `otherwise`.
  NormalizingStep(Builder& builder, std::string name, std::vector<ValueId> inputs, ValueId y,
                  const std::optional<FusedNormalization>& normalization,
                  const kernels::ChannelRows& rows, const kernels::Requantization& otherwise = {},
                  int64_t mask_bytes_otherwise = 0);

  bool normalizes() const { return fused_.has_value(); }
  // Whether the statistics are to be those of x: the step sets them before it calls normalize().
  bool needs_statistics() const { return normalizes() && fused_->op.batch_stat; }
  kernels::Normalization& normalization() { return *normalization_; }
  // "normalize+relu+quantize"; empty without a normalization.
  std::string normalizing_kernel() const;

  // From x to the output.
  void normalize(const float* x);
  // From the gradient of the output to those of the parameters and of x.
  void normalize_backward(const float* x, const kernels::Gradient& dx);

 private:
  float* floats_of(int at) const { return at < 0 ? nullptr : input(first_ + at - 1).floats(); }
  float* gradient_of(int at) const { return at < 0 ? nullptr : input_gradient(first_ + at - 1); }
  const Value& of_quantize(size_t i) const { return input(first_ + fused_->own_inputs + i); }
  void update_running_statistics();
  void quantize(const float* x);

  std::optional<FusedNormalization> fused_;
  size_t first_ = 0;  // of the normalization's inputs, which have no x here
  std::optional<BatchNormalizationInputs> at_;
  std::optional<kernels::Normalization> normalization_;
  int64_t elements_ = 0, channels_ = 0;
  BufferId backward_sums_ = kNoId;
};

}  // namespace octet::plan
