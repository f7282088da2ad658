// How a line of pixels or rows is cut into tiles whose sizes are known when the program is
// compiled.
#pragma once

#include <cstdint>
#include <type_traits>

namespace octet::kernels {

// Calls tile(n as a constant), or kMost if n is larger.
template <int kMost, class Tile>
void with_size(int64_t n, const Tile& tile) {
  if constexpr (kMost > 1) {
    if (n < kMost) return with_size<kMost - 1>(n, tile);
  }
  tile(std::integral_constant<int, kMost>());
}

// Calls tile(its size as a constant) for tiles of about the same size, at most kMost: one with few
// pixels would read the weights for little, and have products wait for each other.
template <int kMost, class Tile>
void for_equal_tiles(int64_t count, const Tile& tile) {
  for (int64_t tiles = (count + kMost - 1) / kMost; tiles > 0; --tiles) {
    const int64_t size = (count + tiles - 1) / tiles;
    with_size<kMost>(size, tile);
    count -= size;
  }
}

}  // namespace octet::kernels
