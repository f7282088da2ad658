// The elements of a value in pieces of the same channels, one for a task of a thread; by them sums
// over all but the channels are the same for any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "octet/kernels/layout.h"
#include "octet/kernels/whole_multiples.h"

namespace octet::kernels {

// `rows` rows (layout.h) that lie one behind the other and begin with the same channel.
struct RowPiece {
  int64_t element = 0;   // the first
  int64_t channel = 0;   // of it
  int64_t rows = 0;      // of one element each, where lanes is 1
  int64_t bit_byte = 0;  // with the gradient bit of the first element
};

// Gradient bits of pieces: every row begins at a byte of its own, and where lanes is 1 every
// channel of an image does.
class RowPieces {
 public:
  explicit RowPieces(const ChannelRows& rows)
      : rows_(rows),
        run_(rows.blocks == 1 ? rows.outer * rows.inner : rows.inner),
        runs_(rows.blocks == 1 ? 1 : rows.outer * rows.blocks) {
    // A piece with the sums of its channels fits into the second-level cache, and has enough rows
    // that the sums are small beside it.
    constexpr int64_t kElements = 1 << 15, kLeastRows = 64;
    piece_rows_ = std::max(kLeastRows, kElements / rows.lanes);
    run_pieces_ = divided_up(run_, piece_rows_);
  }

  const ChannelRows& rows() const { return rows_; }
  int64_t count() const { return runs_ * run_pieces_; }

  RowPiece operator[](int64_t piece) const {
    const int64_t run = piece / run_pieces_, row = piece % run_pieces_ * piece_rows_;
    return {.element = (run * run_ + row) * rows_.lanes,
            .channel = run % rows_.blocks * rows_.lanes,
            .rows = std::min(piece_rows_, run_ - row),
            .bit_byte = rows_.lanes == 1 ? run * divided_up(run_, 8) + row / 8
                                         : (run * run_ + row) * bit_row_bytes(rows_)};
  }

  int64_t bit_bytes() const {
    return runs_ * (rows_.lanes == 1 ? divided_up(run_, 8) : run_ * bit_row_bytes(rows_));
  }

  // Calls use(piece) for all pieces of a block of channels, in their order.
  template <class Use>
  void for_block(int64_t block, const Use& use) const {
    for (int64_t run = block; run < runs_; run += rows_.blocks) {
      for (int64_t i = 0; i < run_pieces_; ++i) use(run * run_pieces_ + i);
    }
  }

 private:
  ChannelRows rows_;
  int64_t run_, runs_;  // rows that lie one behind the other with the same channels; how often
  int64_t piece_rows_ = 0, run_pieces_ = 0;
};

}  // namespace octet::kernels
