// One part of a convolution, in vectors: what IntegerConvolution's threads run.
#pragma once

#include <cstdint>

#include "octet/kernels/added_value.h"
#include "octet/kernels/byte_weights.h"
#include "octet/kernels/convolution_plan.h"
#include "octet/kernels/rounding_constants.h"

namespace octet::kernels {

struct ConvolutionOutput {
  enum class Kind : uint8_t { kIntegers, kIntegerSums, kFloatSums };
  Kind kind = Kind::kIntegers;
  void* y = nullptr;  // int8 or uint8, int32, float32
  // Of the sums: null, or added to those of each output channel.
  const int32_t* bias = nullptr;
  // Of kFloatSums: null, or what those of each output channel are multiplied with.
  const float* scale = nullptr;
  // Of kFloatSums: y is too large to stay in a cache.
  bool streams = false;
  // Of kFloatSums: null, or (plan.places(), 2, out_channels) zeros, where the sum and the sum of
  // squares of each channel are added up, before the scale.
  double* moments = nullptr;
  // Of kIntegers alone; passes may be null.
  uint8_t* passes = nullptr;
  const ChannelFactors* factors = nullptr;
  RoundingConstants constants = {};
  // Null, or added to the layer's own integers; then they have constants of their own, those above
  // are of the sum, and passes is null.
  const AddedValue* added = nullptr;
  RoundingConstants own_constants = {};
};

struct ConvolutionCall {
  const void* x = nullptr;
  int32_t x_zero_point = 0;
  const int16_t* weights = nullptr;     // packed: plan.panels() * plan.panel_size
  const ByteWeights* bytes = nullptr;   // in their place, where not null
  const int32_t* first_sums = nullptr;  // of vnni_tile.h: (panel, 16)
  ConvolutionOutput output = {};
};

// Whether products of bytes are of use on this processor.
bool has_byte_products();

// `staged` has plan.staged_size() elements, `sums` plan.sums_size(). is_staged: `staged` is as the
// last call left it, which was for the same input and the same images and rows.
void convolve_part(const ConvolutionPlan& plan, const ConvolutionCall& call,
                   const ConvolutionPart& part, bool is_staged, int16_t* staged, int32_t* sums);

}  // namespace octet::kernels
