// The normalizations that use the statistics of their input alone, in training and afterwards:
//   y = gamma (x - mean) / sqrt(var + eps) + beta
// with the (biased) variance. They differ in what one mean is taken over:
//
//   TensorNormalization     all dimensions that are not in `axes`
//   LayerNormalization      all that are not in batch_axis (Ba et al. 2016)
//   InstanceNormalization   all but batch_axis and channel_axis (Ulyanov et al. 2016)
//   GroupNormalization      like it, over num_groups groups of neighbouring channels (Wu, He 2018)
//
// Inputs: x, beta unless no_bias, gamma unless no_scale; the latter broadcast to x. By convention
// they are (1, C, 1, 1) for instance and group normalization, (1, C, H, W) for layer normalization
// and as long as x along `axes` for tensor normalization.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

inline constexpr std::array kNormalizationInputs{
    InputSpec{"x"}, InputSpec{.name = "beta", .parameter = true, .optional = true},
    InputSpec{.name = "gamma", .parameter = true, .optional = true}};

struct TensorNormalization {
  OCTET_ATTRIBUTES(TensorNormalization, axes, eps, no_scale, no_bias)
  static constexpr auto kInputs = kNormalizationInputs;
  IntList axes = {1};
  float eps = 1e-5F;
  bool no_scale = false;
  bool no_bias = false;
};

struct LayerNormalization {
  OCTET_ATTRIBUTES(LayerNormalization, batch_axis, eps, no_scale, no_bias)
  static constexpr auto kInputs = kNormalizationInputs;
  IntList batch_axis = {0};
  float eps = 1e-5F;
  bool no_scale = false;
  bool no_bias = false;
};

struct InstanceNormalization {
  OCTET_ATTRIBUTES(InstanceNormalization, channel_axis, batch_axis, eps, no_scale, no_bias)
  static constexpr auto kInputs = kNormalizationInputs;
  int64_t channel_axis = 1;
  IntList batch_axis = {0};
  float eps = 1e-5F;
  bool no_scale = false;
  bool no_bias = false;
};

struct GroupNormalization {
  OCTET_ATTRIBUTES(GroupNormalization, num_groups, channel_axis, batch_axis, eps, no_scale, no_bias)
  static constexpr auto kInputs = kNormalizationInputs;
  int64_t num_groups = 1;
  int64_t channel_axis = 1;
  IntList batch_axis = {0};
  float eps = 1e-5F;
  bool no_scale = false;
  bool no_bias = false;
};

}  // namespace octet
