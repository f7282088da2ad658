// The parametric functions: layers that make their own parameters.
//
//   auto h = PF::convolution(image, "conv1", 16, {3, 3}, {.pad = {1, 1}});
//
// adds a Convolution called "conv1/conv" with the parameters "conv1/conv/W" and "conv1/conv/b". The
// parameters live in the network's ParameterStore: a second network on the same store that names
// the same layer shares them, and they are initialized only once. Each function says which part it
// appends to the name ("/conv"); an empty name leaves that part alone. Names and layouts are those
// of NNabla's parametric functions.
//
// Initial values, where the options leave them open: weights uniform by Glorot and Bengio 2010,
// biases 0, scales (gamma) 1, running mean 0, running variance 1.
//
// All throw Error "[name] ..." if a parameter of the name exists with another shape, and what the
// operation throws for inputs that do not fit.
#pragma once

#include "octet/graph/initializer.h"
#include "octet/graph/network.h"

namespace octet::PF {

struct AffineOptions {
  int64_t base_axis = 1;
  bool with_bias = true;
  Initializer w_init = nullptr;
  Initializer b_init = nullptr;
  bool fix_parameters = false;  // they get no gradient
};

// y = x W + b: "/affine" with W (inputs, outmaps...), b (outmaps...).
VariableRef affine(const VariableRef& x, const std::string& name, const Shape& outmaps,
                   const AffineOptions& options = {});
VariableRef affine(const VariableRef& x, const std::string& name, int64_t outmaps,
                   const AffineOptions& options = {});

struct ConvolutionOptions {
  Shape pad = {};       // per spatial dimension; empty: 0
  Shape stride = {};    // empty: 1
  Shape dilation = {};  // empty: 1
  int64_t group = 1;
  bool channel_last = false;
  int64_t base_axis = 1;
  bool with_bias = true;
  Initializer w_init = nullptr;
  Initializer b_init = nullptr;
  bool fix_parameters = false;
};

// "/conv" with W (outmaps, C / group, kernel...), or (outmaps, kernel..., C / group) with
// channel_last; b (outmaps).
VariableRef convolution(const VariableRef& x, const std::string& name, int64_t outmaps,
                        const Shape& kernel, const ConvolutionOptions& options = {});

struct DepthwiseConvolutionOptions {
  Shape pad = {};
  Shape stride = {};
  Shape dilation = {};
  int64_t multiplier = 1;
  int64_t base_axis = 1;
  bool with_bias = true;
  Initializer w_init = nullptr;
  Initializer b_init = nullptr;
  bool fix_parameters = false;
};

// "/depthwise_conv" with W (C * multiplier, kernel...), b (C * multiplier).
VariableRef depthwise_convolution(const VariableRef& x, const std::string& name,
                                  const Shape& kernel,
                                  const DepthwiseConvolutionOptions& options = {});

struct DeconvolutionOptions {
  Shape pad = {};
  Shape stride = {};
  Shape dilation = {};
  int64_t group = 1;
  bool channel_last = false;
  Shape output_padding = {};
  int64_t base_axis = 1;
  bool with_bias = true;
  Initializer w_init = nullptr;
  Initializer b_init = nullptr;
  bool fix_parameters = false;
};

// "/deconv" with W (C, outmaps / group, kernel...), or (C, kernel..., outmaps / group) with
// channel_last; b (outmaps).
VariableRef deconvolution(const VariableRef& x, const std::string& name, int64_t outmaps,
                          const Shape& kernel, const DeconvolutionOptions& options = {});

struct DepthwiseDeconvolutionOptions {
  Shape pad = {};
  Shape stride = {};
  Shape dilation = {};
  int64_t divisor = 1;
  int64_t base_axis = 1;
  bool with_bias = true;
  Initializer w_init = nullptr;
  Initializer b_init = nullptr;
  bool fix_parameters = false;
};

// "/depthwise_deconv" with W (C, kernel...), b (C / divisor).
VariableRef depthwise_deconvolution(const VariableRef& x, const std::string& name,
                                    const Shape& kernel,
                                    const DepthwiseDeconvolutionOptions& options = {});

struct BatchNormalizationOptions {
  bool batch_stat = true;  // false: use the running statistics, as a validation network does
  float decay_rate = 0.9F;
  float eps = 1e-5F;
  IntList axes = {1};
  bool no_scale = false;
  bool no_bias = false;
  bool fix_parameters = false;  // beta and gamma; mean and var never have a gradient
};

// "/bn" with beta, gamma, mean, var: rank of x, extent 1 except along the axes.
VariableRef batch_normalization(const VariableRef& x, const std::string& name,
                                const BatchNormalizationOptions& options = {});

// relu(BN(x)) or relu(BN(x) + z) as one function, with the same parameters. no_scale and no_bias
// must be false.
VariableRef fused_batch_normalization(const VariableRef& x, const std::string& name,
                                      const BatchNormalizationOptions& options = {});
VariableRef fused_batch_normalization(const VariableRef& x, const VariableRef& z,
                                      const std::string& name,
                                      const BatchNormalizationOptions& options = {});

struct NormalizationOptions {
  int64_t channel_axis = 1;  // not for layer normalization
  IntList batch_axis = {0};
  float eps = 1e-5F;
  bool no_scale = false;
  bool no_bias = false;
  bool fix_parameters = false;
};

// "/layer_normalization" with beta, gamma: the shape of x with 1 along the batch axes.
VariableRef layer_normalization(const VariableRef& x, const std::string& name,
                                const NormalizationOptions& options = {});
// "/instance_normalization" with beta, gamma: extent 1 except along the channel axis.
VariableRef instance_normalization(const VariableRef& x, const std::string& name,
                                   const NormalizationOptions& options = {});
// "/group_normalization", likewise.
VariableRef group_normalization(const VariableRef& x, const std::string& name, int64_t num_groups,
                                const NormalizationOptions& options = {});

struct PReLUOptions {
  int64_t base_axis = 1;
  bool shared = true;   // one slope; else one per channel
  float slope = 0.25F;  // the initial value
};

// "/prelu" with slope () or (C).
VariableRef prelu(const VariableRef& x, const std::string& name, const PReLUOptions& options = {});

// Rows of a table of num_inputs rows of num_features: "/embed" with W (num_inputs, num_features),
// at first uniform with unit variance.
VariableRef embed(const VariableRef& x, const std::string& name, int64_t num_inputs,
                  int64_t num_features);

// x minus its running mean: "/mean_subtraction" with mean (x.shape from base_axis on) and t (1),
// both without gradient. A validation network sets update_running_mean to false.
VariableRef mean_subtraction(const VariableRef& x, const std::string& name, int64_t base_axis = 1,
                             bool update_running_mean = true);

}  // namespace octet::PF
