// How a value of shape (N, C, spatial...) lies in memory, and the loop that every layout shares.
#pragma once

#include <algorithm>
#include <cstdint>

#include "octet/base/shape.h"

namespace octet::kernels {

enum class Layout : uint8_t {
  kPlain,         // (N, C, H, W) in this order; every value of another rank than 4
  kChannelsLast,  // (N, H, W, C)
  kBlocked8,      // (N, C / 8, H, W, 8); C is a multiple of 8
  kBlocked16,     // (N, C / 16, H, W, 16); C is a multiple of 16
};

// The channels that lie side by side; `channels` of them with the channels last, one if plain.
int64_t lanes_of(Layout layout, int64_t channels);

// The elements in memory order: [outer][blocks][inner][lanes]. Element (o, b, i, l) belongs to
// channel b * lanes + l. A "row" is the `lanes` elements that lie side by side.
struct ChannelRows {
  int64_t outer = 1;
  int64_t blocks = 1;
  int64_t inner = 1;
  int64_t lanes = 1;

  int64_t channels() const { return blocks * lanes; }
  int64_t rows() const { return outer * blocks * inner; }
  int64_t elements() const { return rows() * lanes; }
  // The channel of a row's first element.
  int64_t first_channel(int64_t row) const { return row / inner % blocks * lanes; }
  // Behind `row`, the first row that begins with another channel, or `end`.
  int64_t end_of_channel(int64_t row, int64_t end) const {
    return blocks == 1 ? end : std::min(end, (row / inner + 1) * inner);
  }
};

// `shape` has at least the dimensions (N, C); without a second one everything is one channel.
ChannelRows channel_rows(const Shape& shape, Layout layout);

// One bit for each element: bit l % 8 of byte l / 8 of a row is element l. Every row begins at a
// byte of its own.
inline int64_t bit_row_bytes(const ChannelRows& rows) {
  return (rows.lanes + 7) / 8;
}

}  // namespace octet::kernels
