#include "octet/kernels/channel_places.h"

#include "octet/base/error.h"

namespace octet::kernels {

// In a matrix the plain layout is also that of channels last.
ChannelPlaces channel_places(int64_t channels, int64_t pixels, Layout layout) {
  const int64_t lanes =
      pixels == 1 && layout == Layout::kPlain ? channels : lanes_of(layout, channels);
  OCTET_INTERNAL_CHECK(channels % lanes == 0);
  return {.channels = channels, .pixels = pixels, .lanes = lanes};
}

}  // namespace octet::kernels
