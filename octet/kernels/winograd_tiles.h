// Convolution with windows of 3 x 3 by tiles of 2 x 2 outputs.
//
// Winograd's F(2 x 2, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
// 2015, section 4.1) takes 16 products for four outputs in place of 36:
//
//   y = A^T [(G w G^T) * (B^T x B)] A      x: 4 x 4, w: 3 x 3, y: 2 x 2, * element by element
//
// Over all tiles and channels these are sixteen matrix products.
#pragma once

#include <cstdint>

namespace octet::kernels {

inline constexpr int64_t kWinogradTile = 2;       // outputs of a tile, down and across
inline constexpr int64_t kWinogradProducts = 16;  // of a tile, an input and an output channel

// Tiles along `out` rows or columns of output.
inline int64_t winograd_tiles(int64_t out) {
  return (out + kWinogradTile - 1) / kWinogradTile;
}
// The rows or columns of input that they read.
inline int64_t winograd_extent(int64_t out) {
  return kWinogradTile * winograd_tiles(out) + 2;
}

// Sixteen matrices (tile, columns), one behind the other; a cache line more than their size apart,
// lest all of them begin in the same set of a cache.
struct WinogradMatrices {
  int64_t tiles = 0;
  int64_t columns = 0;
  int64_t step = 0;

  int64_t size() const { return kWinogradProducts * step; }
};

template <class T>
WinogradMatrices winograd_matrices(int64_t tiles, int64_t columns) {
  constexpr int64_t kLine = 64 / sizeof(T);
  return {.tiles = tiles, .columns = columns, .step = tiles * columns + kLine};
}

}  // namespace octet::kernels
