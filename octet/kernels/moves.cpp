#include "octet/kernels/moves.h"

#include <algorithm>
#include <cstring>

namespace octet::kernels {

namespace {

// Below this many bytes the threads cost more than they bring.
constexpr int64_t kBytesWorthThreads = 1 << 15;

// What the rows of a move consist of.
struct Rows {
  int64_t bytes;
  int64_t element_bytes;
  const uint8_t* fill;  // one element
};

// A row of any length is moved as memory; one byte, one float and eight bytes are what layouts
// consist of nearly always.
template <int64_t kBytes>
void move_rows(const uint8_t* x, const PixelMap& map, const Rows& rows, uint8_t* y) {
  const int64_t row = kBytes > 0 ? kBytes : rows.bytes;
  for (const int32_t pixel : map.source) {
    if (pixel != kNoPixel) {
      std::memcpy(y, x + pixel * row, static_cast<size_t>(row));
    } else {
      for (int64_t at = 0; at < row; at += rows.element_bytes) {
        std::memcpy(y + at, rows.fill, static_cast<size_t>(rows.element_bytes));
      }
    }
    y += row;
  }
}

}  // namespace

void move_pixels(const void* x, const Shape& shape, Layout layout, int64_t element_bytes,
                 const PixelMap& map, const void* fill, void* y) {
  const int64_t lanes = lanes_of(layout, shape[1]);
  const int64_t planes = shape[0] * shape[1] / lanes, row = lanes * element_bytes;
  const auto pixels = static_cast<int64_t>(map.source.size());
  const Rows rows{row, element_bytes, static_cast<const uint8_t*>(fill)};
  const auto move = row == 1   ? move_rows<1>
                    : row == 4 ? move_rows<4>
                    : row == 8 ? move_rows<8>
                               : move_rows<0>;
#pragma omp parallel for if (planes * pixels * row > kBytesWorthThreads)
  for (int64_t plane = 0; plane < planes; ++plane) {
    move(static_cast<const uint8_t*>(x) + plane * map.in_pixels * row, map, rows,
         static_cast<uint8_t*>(y) + plane * pixels * row);
  }
}

void move_pixels_backward(const float* dy, const Shape& shape, Layout layout, const PixelMap& map,
                          float* dx) {
  const int64_t lanes = lanes_of(layout, shape[1]), planes = shape[0] * shape[1] / lanes;
  const auto pixels = static_cast<int64_t>(map.source.size());
#pragma omp parallel for if (planes * pixels * lanes * 4 > kBytesWorthThreads)
  for (int64_t plane = 0; plane < planes; ++plane) {
    float* to = dx + plane * map.in_pixels * lanes;
    const float* from = dy + plane * pixels * lanes;
    std::fill_n(to, map.in_pixels * lanes, 0.0F);
    for (const int32_t pixel : map.source) {
      if (pixel != kNoPixel) {
        for (int64_t lane = 0; lane < lanes; ++lane) to[pixel * lanes + lane] += from[lane];
      }
      from += lanes;
    }
  }
}

void copy_pieces(const void* from, const Pieces& pieces, void* to) {
#pragma omp parallel for if (pieces.count * pieces.bytes > kBytesWorthThreads)
  for (int64_t piece = 0; piece < pieces.count; ++piece) {
    std::memcpy(static_cast<uint8_t*>(to) + piece * pieces.to_stride,
                static_cast<const uint8_t*>(from) + piece * pieces.from_stride,
                static_cast<size_t>(pieces.bytes));
  }
}

}  // namespace octet::kernels
