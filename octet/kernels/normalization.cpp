#include "octet/kernels/normalization.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <numeric>

#include "octet/kernels/normalization_part.h"

namespace octet::kernels {

namespace {

// Channels that one task finishes the sums of.
constexpr int64_t kTogether = 64;
using Sums = std::array<double, kTogether>;

// Mean and sum of squared distances from it, of a growing number of values: Chan, Golub and LeVeque
// 1979.
struct Moments {
  int64_t count = 0;
  Sums mean{}, squares{};

  void add(int64_t lane, double mean_of, double squares_of, int64_t count_of) {
    const double distance = mean_of - mean[lane];
    const double share = static_cast<double>(count_of) / static_cast<double>(count + count_of);
    mean[lane] += distance * share;
    squares[lane] += squares_of + distance * distance * share * static_cast<double>(count);
  }
};

// The sums of a piece, by lanes: what eight sums of a single channel add up to.
double sum_of_lane(const float* sums, int64_t lanes, int64_t lane) {
  return lanes == 1 ? std::accumulate(sums, sums + 8, 0.0) : sums[lane];
}

template <class Body>
void for_pieces(const RowPieces& pieces, const Body& body) {
  const int64_t count = pieces.count();
#pragma omp parallel for if (count > 1)
  for (int64_t i = 0; i < count; ++i) body(i);
}

uint8_t* bits_of(uint8_t* passes, const RowPiece& piece) {
  return passes == nullptr ? nullptr : passes + piece.bit_byte;
}

Normalization::Incoming at_piece(const Normalization::Incoming& incoming, const RowPiece& piece) {
  Normalization::Incoming part = incoming;
  part.dy = incoming.dy.at(piece.element);
  if (incoming.passes != nullptr) part.passes += piece.bit_byte;
  return part;
}

// Calls body(block, first lane, number of lanes) for all channels.
template <class Body>
void for_channels(const ChannelRows& rows, const Body& body) {
  const int64_t groups = divided_up(rows.lanes, kTogether), tasks = rows.blocks * groups;
#pragma omp parallel for if (rows.channels() > kTogether)
  for (int64_t task = 0; task < tasks; ++task) {
    const int64_t lane = task % groups * kTogether;
    body(task / groups, lane, std::min(kTogether, rows.lanes - lane));
  }
}

}  // namespace

Normalization::Normalization(const ChannelRows& rows, const Options& options)
    : pieces_(rows), options_(options) {
  constexpr size_t kMore = 7;  // of eight that begin with the last channel
  for (std::vector<float>* values :
       {&mean_, &inverse_deviation_, &scale_, &shift_, &slope_, &intercept_}) {
    values->resize(channels() + kMore);
  }
  sums_scale_.assign(channels(), 1.0F);
  real_mean_.resize(channels());
  real_variance_.resize(channels());
}

int64_t Normalization::scratch_bytes() const {
  return pieces_.count() * 2 * summed_lanes(pieces_.rows().lanes) *
         static_cast<int64_t>(sizeof(float));
}

void Normalization::compute_statistics(const float* x, float* scratch) {
  const int64_t lanes = pieces_.rows().lanes, stride = 2 * summed_lanes(lanes);
  for_pieces(pieces_,
             [&](int64_t i) { moment_sums(part_of(pieces_[i], x), scratch + i * stride); });
  for_channels(pieces_.rows(), [&](int64_t block, int64_t first, int64_t count) {
    Moments moments;
    pieces_.for_block(block, [&](int64_t i) {
      const RowPiece piece = pieces_[i];
      const auto rows = static_cast<double>(piece.rows);
      const float* sums = scratch + i * stride;
      for (int64_t lane = 0; lane < count; ++lane) {
        const double sum = sum_of_lane(sums, lanes, first + lane);
        const double square = sum_of_lane(sums + stride / 2, lanes, first + lane);
        const double mean = sum / rows;
        moments.add(lane, x[piece.element + first + lane] + mean,
                    std::max(0.0, square - sum * mean), piece.rows);
      }
      moments.count += piece.rows;
    });
    for (int64_t lane = 0; lane < count; ++lane) {
      set_channel(block * lanes + first + lane, moments.mean[lane],
                  moments.squares[lane] / static_cast<double>(moments.count));
    }
  });
}

void Normalization::set_moments(std::span<const double> moments) {
  const auto all = static_cast<int64_t>(channels());
  const auto count = static_cast<double>(values());
  for (int64_t first = 0; first < all; first += kTogether) {
    const int64_t together = std::min(kTogether, all - first);
    Sums sums{}, squares{};
    for (const double* at = moments.data() + first; at < moments.data() + moments.size();
         at += 2 * all) {
      for (int64_t i = 0; i < together; ++i) {
        sums[i] += at[i];
        squares[i] += at[all + i];
      }
    }
    // Whole numbers: what the difference takes away was not rounded before.
    for (int64_t i = 0; i < together; ++i) {
      const double mean = sums[i] / count;
      set_channel(first + i, mean, std::max(0.0, squares[i] / count - mean * mean));
    }
  }
}

void Normalization::set_statistics(const float* mean, const float* variance) {
  for (size_t c = 0; c < channels(); ++c) {
    const double scale = sums_scale_[c];
    set_channel(static_cast<int64_t>(c), mean[c] / scale, variance[c] / (scale * scale));
  }
}

void Normalization::set_sums_scale(std::span<const float> scale) {
  for (size_t c = 0; c < channels(); ++c) sums_scale_[c] = scale[scale.size() == 1 ? 0 : c];
}

// Of what stands for x.
void Normalization::set_channel(int64_t channel, double mean, double variance) {
  const double scale = sums_scale_[channel], real_variance = variance * scale * scale;
  mean_[channel] = static_cast<float>(mean);
  inverse_deviation_[channel] =
      static_cast<float>(scale / std::sqrt(real_variance + options_.epsilon));
  real_mean_[channel] = static_cast<float>(mean * scale);
  real_variance_[channel] = static_cast<float>(real_variance);
}

void Normalization::set_parameters(const float* gamma, const float* beta) {
  for (size_t c = 0; c < channels(); ++c) {
    scale_[c] = (gamma == nullptr ? 1.0F : gamma[c]) * inverse_deviation_[c];
    shift_[c] = beta == nullptr ? 0.0F : beta[c];
  }
}

NormalizedPart Normalization::part_of(const RowPiece& piece, const float* x) const {
  return {.rows = piece.rows,
          .lanes = pieces_.rows().lanes,
          .x = x + piece.element,
          .mean = mean_.data() + piece.channel,
          .scale = scale_.data() + piece.channel,
          .shift = shift_.data() + piece.channel,
          .slope = slope_.data() + piece.channel,
          .intercept = intercept_.data() + piece.channel};
}

void Normalization::normalize(const float* x, Activation activation, float* y,
                              uint8_t* passes) const {
  for_pieces(pieces_, [&](int64_t i) {
    const RowPiece piece = pieces_[i];
    normalize_part(part_of(piece, x), activation, y + piece.element, bits_of(passes, piece));
  });
}

bool Normalization::quantize(const float* x, const Requantization& output, float scale, void* q,
                             uint8_t* passes) const {
  std::atomic<bool> finite = true;
  for_pieces(pieces_, [&](int64_t i) {
    const RowPiece piece = pieces_[i];
    uint8_t* const to = static_cast<uint8_t*>(q) + piece.element;
    if (!quantize_part(part_of(piece, x), output, scale, to, bits_of(passes, piece))) {
      finite = false;
    }
  });
  return finite;
}

void Normalization::parameter_gradients(const float* x, const Incoming& incoming, float* dgamma,
                                        float* dbeta, float* scratch) {
  const int64_t lanes = pieces_.rows().lanes, stride = 2 * summed_lanes(lanes);
  for_pieces(pieces_, [&](int64_t i) {
    gradient_sums(part_of(pieces_[i], x), at_piece(incoming, pieces_[i]), scratch + i * stride);
  });
  for_channels(pieces_.rows(), [&](int64_t block, int64_t first, int64_t count) {
    Sums gradients{}, products{};
    pieces_.for_block(block, [&](int64_t i) {
      const float* sums = scratch + i * stride;
      for (int64_t lane = 0; lane < count; ++lane) {
        gradients[lane] += sum_of_lane(sums, lanes, first + lane);
        products[lane] += sum_of_lane(sums + stride / 2, lanes, first + lane);
      }
    });
    for (int64_t lane = 0; lane < count; ++lane) {
      const int64_t channel = block * lanes + first + lane;
      const double inverse = inverse_deviation_[channel];
      if (dgamma != nullptr) dgamma[channel] = static_cast<float>(products[lane] * inverse);
      if (dbeta != nullptr) dbeta[channel] = static_cast<float>(gradients[lane]);
      if (!options_.batch_statistics) continue;
      const double share = -scale_[channel] / static_cast<double>(values());
      slope_[channel] = static_cast<float>(share * products[lane] * inverse * inverse);
      intercept_[channel] = static_cast<float>(share * gradients[lane]);
    }
  });
}

void Normalization::input_gradient(const float* x, const Incoming& incoming,
                                   const Gradient& dx) const {
  for_pieces(pieces_, [&](int64_t i) {
    const RowPiece piece = pieces_[i];
    input_gradient_part(part_of(piece, x), at_piece(incoming, piece), dx.at(piece.element));
  });
}

}  // namespace octet::kernels
