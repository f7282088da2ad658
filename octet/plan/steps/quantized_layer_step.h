// What quantized layers with weights have in common: the sums as a convolution of integers, and
// what becomes of them. Steps of one kind of layer add their backward pass.
#pragma once

#include <optional>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/integer_convolution.h"
#include "octet/ops/integer_output.h"
#include "octet/plan/derived_from.h"
#include "octet/plan/steps/fused_dequantize.h"
#include "octet/plan/steps/fused_sum.h"
#include "octet/plan/steps/normalizing_step.h"

namespace octet::plan {

// The layer as a convolution, with the layouts that x and y then have.
struct LayerAsConvolution {
  kernels::ConvolutionShape shape;
  kernels::Layout x = kernels::Layout::kPlain;
  kernels::Layout y = kernels::Layout::kPlain;

  // The elements of y.
  kernels::ChannelRows rows() const;
};

// What a step of a layer reads and makes: the inputs stand as in layer_input (quantized_layers.h),
// behind them those of the functions whose result it makes in place of its own, if there are any.
struct LayerValues {
  std::vector<ValueId> inputs;
  ValueId output = kNoId;
  std::optional<FusedSum> sum;
  std::optional<FusedDequantize> dequantize;
  std::optional<FusedNormalization> normalization;  // behind it

  size_t own_inputs() const {
    return inputs.size() - (sum ? sum->inputs.size() : 0) -
           (dequantize ? dequantize->inputs.size() : 0) -
           (normalization ? normalization->inputs.size() : 0);
  }
};

// With int32 as output the sums of products are it.
class QuantizedLayerStep : public NormalizingStep {
 public:
  std::string kernel() const override;
  int64_t multiply_accumulates() const override { return layer_.shape.multiply_accumulates(); }
  void forward() override;

 protected:
  QuantizedLayerStep(Builder& builder, std::string name, const LayerValues& values,
                     const LayerAsConvolution& layer, const IntegerOutput& output);

  const LayerAsConvolution& layer() const { return layer_; }
  // The weight as float32 (out_channels, in_channels / groups, kernel_h, kernel_w).
  virtual at::Tensor convolution_weights(const Value& w) const = 0;
  // Those of the last forward().
  const at::Tensor& weights() const { return weights_; }

  // Of the output, turned into that of the sums: in its place, or where `to` is given there.
  float* sums_gradient();
  void sums_gradient(const kernels::Gradient& to);
  // What the gradient of the output is multiplied with to be that of the sums, where passes() says
  // so; not with a normalization.
  std::span<const float> sums_multiplier() const;
  int32_t x_zero_point() const;
  // x without its zero point.
  void widen_x(const kernels::Gradient& to);
  bool has_bias() const { return has_bias_; }

 private:
  void pack_weights(int32_t x_zero_point);
  void set_bias();
  void set_multipliers();
  kernels::AddedValue added_value() const;
  void set_sums_scale();
  void accumulate(int32_t x_zero_point);
  void accumulate_and_normalize(int32_t x_zero_point);

  LayerAsConvolution layer_;
  bool accumulates_;  // int32 sums, not requantized
  bool has_bias_ = false;
  bool whole_bias_ = false;  // int32, else a float in units of the sums
  std::optional<kernels::Requantization> sum_;
  bool dequantizes_;           // the sums, which are its result then
  size_t first_of_fused_ = 0;  // among the inputs
  std::optional<kernels::IntegerConvolution> convolution_;
  at::Tensor weights_;
  DerivedFrom packed_, held_bias_, held_scales_;
  std::vector<int32_t> bias_;
  std::vector<float> offset_;
  std::vector<float> multiplier_;  // of sums that are not requantized: their scale, or nothing
  BufferId sums_ = kNoId, moments_ = kNoId;  // what is normalized
};

// The values of a quantized layer's step, x in the layout `x`, the output in `y`. Nothing if
// kernels cannot take them: x is not of 8-bit integers, a scale of an activation has several
// values, the format of the output has none, or a float bias stands beside int32 sums.
std::optional<LayerValues> add_layer_values(Builder& builder, const Function& function,
                                            const IntegerOutput& output, kernels::Layout x,
                                            kernels::Layout y);

}  // namespace octet::plan
