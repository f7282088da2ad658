// Batch normalization over all but the channels in float32, forward and backward, together with an
// activation and the quantization of its result:
//
//   n = (x - mean) * gamma / sqrt(variance + epsilon) + beta, y = activation(n)
//
// What stands for x in memory may be sums of integers, of which each channel has a scale:
// x = sum * scale. Gradients are then those of the sums.
//
// Ioffe and Szegedy 2015. Vectorized, and the same to the bit on every processor and for any number
// of threads: sums are made in float32 by pieces (row_pieces.h), which are added up in float64.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "octet/kernels/gradient.h"
#include "octet/kernels/requantization.h"
#include "octet/kernels/row_pieces.h"

namespace octet::kernels {

struct NormalizedPart;

class Normalization {
 public:
  struct Options {
    float epsilon = 1e-5F;
    bool batch_statistics = true;  // else those that set_statistics() got: constants to gradients
  };
  // x as `rows` says.
  Normalization(const ChannelRows& rows, const Options& options);

  // Of gradient bits, which lie as row_pieces.h says.
  int64_t passes_bytes() const { return pieces_.bit_bytes(); }
  // Of the memory that sums are made in.
  int64_t scratch_bytes() const;

  // Positive numbers: one value or one for each channel; at first 1. Before the statistics.
  void set_sums_scale(std::span<const float> scale);
  // The statistics of x, of one of three sources; before everything else. The variance is the
  // biased one. Of moments: those of IntegerConvolution::accumulate(), (places, 2, channels).
  void compute_statistics(const float* x, float* scratch);
  void set_moments(std::span<const double> moments);
  void set_statistics(const float* mean, const float* variance);
  std::span<const float> mean() const { return real_mean_; }
  std::span<const float> variance() const { return real_variance_; }
  // Null: 1, 0.
  void set_parameters(const float* gamma, const float* beta);

  // passes: where activation() does not cut; null if not wanted.
  void normalize(const float* x, Activation activation, float* y, uint8_t* passes) const;
  // quantize() (quantize.h) of n, with `output.activation` and its result.
  bool quantize(const float* x, const Requantization& output, float scale, void* q,
                uint8_t* passes) const;

  // The gradient of n: passes ? factor * dy : 0. Without `passes` all of it passes.
  struct Incoming {
    Gradient dy;
    const uint8_t* passes = nullptr;
    float factor = 1;
  };
  // The gradients of gamma and beta; either may be null. Also what input_gradient() needs.
  void parameter_gradients(const float* x, const Incoming& incoming, float* dgamma, float* dbeta,
                           float* scratch);
  // The gradient of x; may be dy, of the same type.
  void input_gradient(const float* x, const Incoming& incoming, const Gradient& dx) const;

 private:
  size_t channels() const { return pieces_.rows().channels(); }
  int64_t values() const { return pieces_.rows().elements() / pieces_.rows().channels(); }
  void set_channel(int64_t channel, double mean, double variance);
  NormalizedPart part_of(const RowPiece& piece, const float* x) const;

  RowPieces pieces_;
  Options options_;
  std::vector<float> sums_scale_, real_mean_, real_variance_;
  // Of what stands for x, as it lies in memory; one for each channel, and more that vectors may
  // read.
  std::vector<float> mean_, inverse_deviation_;
  std::vector<float> scale_, shift_;      // n = (x - mean) * scale + shift
  std::vector<float> slope_, intercept_;  // dx = dn * scale + (x - mean) * slope + intercept
};

}  // namespace octet::kernels
