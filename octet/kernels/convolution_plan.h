// How IntegerConvolution goes through a layer; made once for a shape.
//
// The output is cut into parts: some rows of some images, and some of the output channels. For a
// part the input that it reads is staged: as int16 with the zero point taken away and zeros for the
// padding, (channel block, image, row, column, channel). On it every layout and every kind of
// padding looks the same, and the columns of a kernel row lie side by side: a run. Output channels
// go in panels of sixteen, whose weights are packed in the order in which the runs are read.
//
// Windows of 3 x 3 that stand side by side go by tiles of 2 x 2 outputs instead
// (integer_winograd.h), where that pays: what is staged is transformed, and sixteen matrix products
// take the place of the nine.
#pragma once

#include <cstdint>
#include <vector>

#include "octet/kernels/channel_places.h"
#include "octet/kernels/convolution_shape.h"

namespace octet::kernels {

inline constexpr int64_t kPanelChannels = 16;

// Sums are finished in pieces of so many pixels, which stay in the first cache.
inline constexpr int64_t kPiecePixels = 48;

// Channels of a section that are staged together, counted from its first: few enough for a panel of
// their weights to stay in the first cache.
struct ChannelBlock {
  int64_t begin = 0;
  int64_t count = 0;
  int64_t run_pairs = 0;  // of int16 in a run
  int64_t weights = 0;    // where its weights begin in a panel
};

// What is multiplied where a plan is not for tiles: int16; bytes as byte_weights.h says; or bytes,
// four products at a time in int32 (vnni_tile.h).
enum class Multiplicand : uint8_t { kInt16, kBytes, kVnni };

struct ConvolutionPlan {
  ConvolutionShape shape;
  bool is_signed = true;
  Multiplicand multiplicand = Multiplicand::kInt16;
  bool depthwise = false;
  bool winograd = false;
  ChannelPlaces in;
  ChannelPlaces out;

  // A section is what shares its input: a group, or 64 channels of a depthwise convolution.
  int64_t sections = 1;
  int64_t section_in = 1;
  int64_t section_out = 1;
  int64_t section_panels = 1;
  int64_t panel_size = 0;  // int16 of a packed panel
  std::vector<ChannelBlock> blocks;

  // Of the input, rows and columns that no output reads are not staged.
  int64_t staged_row_step = 1;
  int64_t staged_column_step = 1;
  int64_t staged_columns = 1;
  // From an output row and column to the next one, in what is staged.
  int64_t row_step = 1;
  int64_t column_step = 1;
  // Where each run of a window begins, in staged pixels from its first.
  std::vector<int64_t> runs;
  // With VNNI, where the window of each pixel of a part begins, in bytes from the first one. The
  // input is not staged at all where it lies as it would be staged.
  bool in_place = false;
  std::vector<int64_t> windows;
  // Of a depthwise convolution, instead: where each tap of a window lies, in staged elements; an
  // even number of them, of which the last may be one for nothing.
  std::vector<int64_t> taps;

  int64_t part_images = 1;
  int64_t part_rows = 1;
  int64_t part_panels = 1;

  int64_t panels() const { return sections * section_panels; }
  int32_t lowest_x() const { return is_signed ? -128 : 0; }
  // Of a depthwise layer with VNNI: groups of four rows in a window, whether these serve two rows
  // of output, and the rows of output whose sums are finished together.
  int64_t row_groups() const;
  bool pairs_rows() const;
  int64_t depthwise_rows() const;
  // Bytes of what is interleaved for a row of output of a panel.
  int64_t interleaved_size() const;
  // Rows to be staged for `rows` rows of output.
  int64_t staged_rows(int64_t rows) const;
  // int16 to be staged for the largest part, with their transforms and some behind them that are
  // read in vain.
  int64_t staged_size() const;
  // Where parts lie that differ by their panels alone.
  int64_t places() const;
  int64_t part_pixels() const { return part_images * part_rows * shape.out_width; }
  // int32 of the sums of one panel in the largest part.
  int64_t sums_size() const;
};

// A plan with enough parts for `threads` threads. Throws InternalError for a shape that is no
// convolution, or channels that don't fill the blocks of a layout.
ConvolutionPlan plan_convolution(const ConvolutionShape& shape, bool is_signed, Layout in_layout,
                                 Layout out_layout, int threads,
                                 Multiplicand multiplicand = Multiplicand::kInt16);

// One piece of work.
struct ConvolutionPart {
  int64_t image = 0;
  int64_t images = 0;
  int64_t row = 0;
  int64_t rows = 0;
  int64_t panel = 0;
  int64_t panels = 0;

  // Whether both read the same input, where there is one section.
  bool at_place_of(const ConvolutionPart& other) const {
    return image == other.image && images == other.images && row == other.row && rows == other.rows;
  }
};

// Which of the places a part has.
int64_t place_of(const ConvolutionPlan& plan, const ConvolutionPart& part);

std::vector<ConvolutionPart> convolution_parts(const ConvolutionPlan& plan);

}  // namespace octet::kernels
