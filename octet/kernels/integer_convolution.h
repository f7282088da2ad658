// Convolution of 8-bit integers in two dimensions, exact on processors without instructions for it:
// the others' way, oneDNN's, is products of int8 added up in int16, which saturates. Here the
// products are those of int16, added up in int32 (vpmaddwd on x86), fewer of them for windows of
// 3 x 3 (integer_winograd.h), or of bytes where these are exact (byte_weights.h). A matrix product
// is a convolution of images of one pixel.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "octet/kernels/added_value.h"
#include "octet/kernels/aligned_buffer.h"
#include "octet/kernels/byte_weights.h"
#include "octet/kernels/convolution_part.h"
#include "octet/kernels/convolution_plan.h"
#include "octet/kernels/layout.h"
#include "octet/kernels/requantization.h"

namespace octet::kernels {

// A layer of a fixed shape. Everything but the first packed weights is allocated when it is made,
// for as many threads as OpenMP has then; later calls use no more. One call at a time. Results are
// the same for every instruction set and number of threads. Depthwise layers (one input and one
// output channel in each group) have their own kernel.
class IntegerConvolution {
 public:
  // x: int8 if `signed_activations`, else uint8, (N, C, H, W) in `in_layout`; y likewise in
  // `out_layout`. rectified: no x is below its zero point, as behind a ReLU. Throws InternalError
  // for channels that don't fill the blocks of a layout.
  IntegerConvolution(const ConvolutionShape& shape, bool signed_activations, Layout in_layout,
                     Layout out_layout, bool rectified = false);

  // weights: (out_channels, in_channels / groups, kernel_h, kernel_w); as float32 whole numbers in
  // [-128, 127]. Before the first run, and again when they or the zero point change.
  void pack_weights(const int8_t* weights, int32_t x_zero_point);
  void pack_weights(const float* weights, int32_t x_zero_point);

  // acc = sum of (x - x_zero_point) * w, where the padding stands for x_zero_point;
  // y = what requantization.h makes of it: int8 or uint8, as its range says.
  // passes: null, or a gradient bit for each element as layout.h says.
  void run(const void* x, int32_t x_zero_point, const Requantization& requantization, void* y,
           uint8_t* passes);

  // y = that and another value, added up as integers with scales of their own; to the bit what
  // run() and then quantized_binary() give.
  void run_and_add(const void* x, int32_t x_zero_point, const Requantization& requantization,
                   const AddedValue& added, void* y);

  // The sums themselves in the layout of y, with `bias`, which is empty or has a value for each
  // output channel; as float32 rounded once, and then times `scale`, which is empty, or has one
  // value or one for each output channel.
  // moments: null, or (places, 2, out_channels), moments_size() in all: for each place of the
  // output and each channel the sum and the sum of squares of the sums, before the scale.
  void accumulate(const void* x, int32_t x_zero_point, std::span<const int32_t> bias, int32_t* acc);
  void accumulate(const void* x, int32_t x_zero_point, std::span<const int32_t> bias, float* acc,
                  std::span<const float> scale = {}, double* moments = nullptr);

  int64_t moments_size() const { return plan_.places() * 2 * plan_.shape.out_channels; }

  // What the last weights are multiplied as: "vnni", "int8", "int16", or int16 in tiles:
  // "winograd".
  std::string_view products() const;

 private:
  template <class Weight>
  void pack(const Weight* weights, int32_t x_zero_point);
  void set_factors(const Requantization& requantization);
  // With VNNI a bias costs nothing: the sums begin with it, and no more is left to add.
  std::span<const int32_t> left_of_bias(std::span<const int32_t> bias);
  void convolve(const void* x, int32_t x_zero_point, const ConvolutionOutput& output);

  bool is_vnni() const { return plan_.multiplicand == Multiplicand::kVnni; }

  int threads_;
  ConvolutionPlan plan_;
  std::vector<ConvolutionPart> parts_;
  AlignedBuffer<int16_t> weights_;    // else
  std::optional<ByteWeights> bytes_;  // where the input allows them, and they pay
  // With VNNI, what sums begin with: without the bias, and with that of the last run.
  std::vector<int32_t> first_sums_, biased_first_sums_;
  int32_t packed_zero_point_ = 0;
  ChannelFactors factors_;
  std::vector<float> scales_;                   // of sums, for each output channel
  std::vector<AlignedBuffer<int16_t>> staged_;  // one for each thread
  std::vector<AlignedBuffer<int32_t>> sums_;
};

}  // namespace octet::kernels
