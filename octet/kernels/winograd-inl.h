// The transforms of winograd_tiles.h, in vectors of any type. Included once for each instruction
// set.
#if defined(OCTET_KERNELS_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_WINOGRAD_INL_H
#undef OCTET_KERNELS_WINOGRAD_INL_H
#else
#define OCTET_KERNELS_WINOGRAD_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// B^T times four values.
template <class Vector>
HWY_INLINE void transform_four(const Vector& a, const Vector& b, const Vector& c, const Vector& d,
                               Vector* to) {
  to[0] = hn::Sub(a, c);
  to[1] = hn::Add(b, c);
  to[2] = hn::Sub(c, b);
  to[3] = hn::Sub(b, d);
}

// Where a row of tiles is read, in elements from pixel to pixel and from row to row, and where its
// transforms go: from tile to tile, and from each of the sixteen to the next.
struct TileSteps {
  int64_t pixel, row;
  int64_t tile, product;
};

// B^T x B for a row of tiles, as many channels as a vector has.
template <class Tag, class T>
HWY_INLINE void transform_tiles(Tag tag, const T* HWY_RESTRICT x, const TileSteps& steps,
                                int64_t tiles, T* HWY_RESTRICT to) {
  using Vector = hn::Vec<Tag>;
  Vector columns[4][4];
  const auto column = [&](int64_t index, Vector* into) {
    const T* from = x + index * steps.pixel;
    const int64_t row = steps.row;
    transform_four(hn::LoadU(tag, from), hn::LoadU(tag, from + row), hn::LoadU(tag, from + 2 * row),
                   hn::LoadU(tag, from + 3 * row), into);
  };
  column(0, columns[0]);
  column(1, columns[1]);
  for (int64_t tile = 0; tile < tiles; ++tile, to += steps.tile) {
    column(2 * tile + 2, columns[2]);
    column(2 * tile + 3, columns[3]);
    for (int y = 0; y < 4; ++y) {
      Vector values[4];
      transform_four(columns[0][y], columns[1][y], columns[2][y], columns[3][y], values);
      for (int i = 0; i < 4; ++i) hn::StoreU(values[i], tag, to + (4 * y + i) * steps.product);
      columns[0][y] = columns[2][y];
      columns[1][y] = columns[3][y];
    }
  }
}

// A^T times four values.
template <class Vector>
HWY_INLINE void gather_two(const Vector* m, int64_t step, Vector& first, Vector& second) {
  first = hn::Add(hn::Add(m[0], m[step]), m[2 * step]);
  second = hn::Sub(hn::Sub(m[step], m[2 * step]), m[3 * step]);
}

// A^T m A of one tile, as many channels as a vector has; the sixteen are `step` apart.
template <class Tag, class T>
HWY_INLINE void gather_tile(Tag tag, const T* HWY_RESTRICT m, int64_t step,
                            hn::Vec<Tag> (&y)[2][2]) {
  hn::Vec<Tag> products[4][4], halves[2][4];
  for (int i = 0; i < 16; ++i) products[i / 4][i % 4] = hn::LoadU(tag, m + i * step);
  for (int x = 0; x < 4; ++x) gather_two(&products[0][x], 4, halves[0][x], halves[1][x]);
  for (int i = 0; i < 2; ++i) gather_two(halves[i], 1, y[i][0], y[i][1]);
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
