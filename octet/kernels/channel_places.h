// Where an element of an image lies.
#pragma once

#include <cstdint>

#include "octet/kernels/layout.h"

namespace octet::kernels {

// Where the elements of images lie: `pixels` are those of one image, `lanes` the channels that lie
// side by side.
struct ChannelPlaces {
  int64_t channels = 1;
  int64_t pixels = 1;
  int64_t lanes = 1;

  // Divisions cost more than all else here, and channels last need none.
  bool are_last() const { return lanes == channels; }
  int64_t lane(int64_t channel) const { return are_last() ? channel : channel % lanes; }

  int64_t row(int64_t image, int64_t channel, int64_t pixel) const {
    if (are_last()) return image * pixels + pixel;
    return (image * (channels / lanes) + channel / lanes) * pixels + pixel;
  }
  int64_t offset(int64_t image, int64_t channel, int64_t pixel) const {
    return row(image, channel, pixel) * lanes + lane(channel);
  }
  int64_t row_bytes() const { return (lanes + 7) / 8; }
  // The byte that holds the gradient bit of the element; the bit is channel % lanes % 8.
  int64_t bit_byte(int64_t image, int64_t channel, int64_t pixel) const {
    return row(image, channel, pixel) * row_bytes() + lane(channel) / 8;
  }
};

// Throws InternalError for channels that don't fill the blocks of the layout.
ChannelPlaces channel_places(int64_t channels, int64_t pixels, Layout layout);

}  // namespace octet::kernels
