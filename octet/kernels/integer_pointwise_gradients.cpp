#include "octet/kernels/integer_pointwise_gradients.h"

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "octet/kernels/onednn/convolution_gradients.h"
#include "octet/kernels/pointwise_gradients_part.h"
#include "octet/kernels/whole_multiples.h"

namespace octet::kernels {

namespace {

constexpr int64_t kPanel = 16;
// Panels that are multiplied together, and pairs: their operand stays in the first-level cache.
constexpr int64_t kPanels = 4, kPairs = 128;
// Pixels that a thread takes at once, at most: the rows of their gradients stay in the second-level
// cache. A multiple of a tile's rows, and even.
constexpr int64_t kBlock = 96, kBlockStep = 6;
// Of pairs of a chunk: that all threads share, and of one thread.
constexpr int64_t kChunkBytes = 4 << 20, kOwnChunkBytes = 512 << 10;

int64_t output_pixels(const ConvolutionShape& s) {
  return s.batch * s.out_height * s.out_width;
}

}  // namespace

// How the pixels of y are cut, and where what run() needs lies in its scratch, in bytes.
//
// Either all threads share chunks, and then the gradient of the weights is cut; or each has chunks,
// and a gradient of the weights, of its own. What crosses from one processor to the other is half
// of all pairs, or the gradients of the others: what is less.
struct IntegerPointwiseGradients::Places {
  Places(const ConvolutionShape& s, int threads)
      : in(s.in_channels), out(s.out_channels), pixels(output_pixels(s)) {
    alone = threads == 1 || 4 * in * out * (threads - 1) <= pixels * (in + out);
    const int64_t bytes = alone ? kOwnChunkBytes : kChunkBytes;
    const int64_t most = std::max(kBlock, bytes / (2 * (in + out)) / kBlock * kBlock);
    const int64_t chunks = rounded_up(divided_up(pixels, most), alone ? threads : 1);
    // Enough blocks for all threads, of the same size.
    constexpr int64_t kBlocksAtOnce = 4;
    const int64_t in_chunk = divided_up(pixels, chunks);
    const int64_t count = rounded_up(divided_up(in_chunk, kBlock), kBlocksAtOnce);
    block = rounded_up(divided_up(in_chunk, count), kBlockStep);
    blocks = divided_up(in_chunk, block);
    chunk = blocks * block;
    panel = chunk * kPanel;
    multiplier = 0;
    weights = multiplier + 4 * out;
    bias = weights + 2 * in * out;
    x_pairs = bias + 4 * blocks * out;
    y_pairs = x_pairs + 2 * in / kPanel * panel;
    own = y_pairs + 2 * out / kPanel * panel;
    own_size = 2 * block * out + 4 * block * kPanels * kPanel;
    dw = own + (alone ? 1 : threads) * own_size;
    dbias = dw + 4 * in * out;
    of_thread = alone ? dbias + 4 * out : 0;
    size = alone ? threads * of_thread : dw;
  }

  int64_t in, out, pixels;
  bool alone;
  int64_t block, blocks, chunk;  // pixels, number in a chunk, pixels
  int64_t panel;                 // elements
  int64_t multiplier, weights, bias, x_pairs, y_pairs, own, own_size;
  int64_t dw, dbias, of_thread, size;
};

// One call of run(), with what its threads share, or what one of them does.
class IntegerPointwiseGradients::Run {
 public:
  Run(const ConvolutionShape& shape, const Places& places, const Operands& operands,
      const Gradient& dx, float* dw, float* dbias, void* scratch)
      : shape_(shape),
        places_(places),
        operands_(operands),
        dx_(dx),
        dw_(dw),
        dbias_(dbias),
        scratch_(static_cast<char*>(scratch)) {}

  // What is done once.
  void start() const {
    for (int64_t c = 0; c < places_.out; ++c) {
      multiplier()[c] = operands_.multiplier[operands_.multiplier.size() == 1 ? 0 : c];
    }
    if (dbias_ != nullptr) std::fill_n(dbias_, places_.out, 0.0F);
  }

  int64_t panels() const { return places_.in / kPanel; }
  void pack(int64_t panel) const {
    if (!dx_) return;
    pack_input_panel(operands_.weights, places_.out, places_.in, panel,
                     weights() + panel * kPanel * places_.out);
  }

  // The rows of the images, if windows leave pixels out.
  int64_t rows_to_clear() const {
    const bool all = shape_.in_height * shape_.in_width == shape_.out_height * shape_.out_width;
    return dx_ && !all ? shape_.batch * shape_.in_height : 0;
  }
  void clear_row(int64_t row) const {
    const int64_t elements = shape_.in_width * places_.in;
    const Gradient to = dx_.at(row * elements);
    std::memset(to.data, 0, elements * (to.is_bfloat16 ? 2 : 4));
  }

  // Its gradients, and pairs of its pixels.
  void take_block(int64_t chunk, int64_t block, int thread, int threads) const {
    const int64_t first = chunk * places_.chunk + block * places_.block;
    float* const sums = bias() + block * places_.out;
    const int64_t pixels = std::min(places_.block, places_.pixels - first);
    if (pixels <= 0) {
      std::fill_n(sums, places_.out, 0.0F);
      return;
    }
    const int64_t pairs = block * places_.block * kPanel;
    auto* const rows = own<BFloat16>(thread, 0);
    mask_pixels({.dy = operands_.dy.at(first * places_.out),
                 .passes = operands_.passes == nullptr ? nullptr
                                                       : operands_.passes + first * places_.out / 8,
                 .multiplier = multiplier(),
                 .channels = places_.out},
                pixels, rows, {.pairs = y_pairs() + pairs, .panel = places_.panel}, sums);
    int64_t offsets[kBlock];
    for (int64_t i = 0; i < pixels; ++i) offsets[i] = input_pixel(first + i) * places_.in;
    if (dw_ != nullptr) {
      pair_integers({.x = operands_.x,
                     .is_signed = operands_.is_signed,
                     .zero_point = operands_.x_zero_point,
                     .offsets = offsets,
                     .channels = places_.in},
                    pixels, {.pairs = x_pairs() + pairs, .panel = places_.panel});
    }
    if (!dx_) return;
    // Another thread may take that block, if they are not equally quick.
    multiply_weights(rows, pixels, offsets, own<float>(thread, 2 * places_.block * places_.out),
                     memory_of(first + threads * places_.block));
  }

  // The gradient of the weights by parts: some panels of x, and some of the gradient.
  int64_t parts(int threads) const {
    return dw_ == nullptr ? 0 : column_groups() * row_groups(threads);
  }
  void take_part(int64_t chunk, int64_t part, int threads, bool add) const {
    const int64_t groups = row_groups(threads), panels_y = places_.out / kPanel;
    const int64_t column = part / groups * kPanels;
    const int64_t begin = part % groups * panels_y / groups;
    const int64_t end = (part % groups + 1) * panels_y / groups;
    const int64_t pixels = std::min(places_.chunk, places_.pixels - chunk * places_.chunk);
    const int64_t pairs = divided_up(pixels, 2);
    for (int64_t pair = 0; pair < pairs; pair += kPairs) {
      for (int64_t row = begin; row < end; ++row) {
        bfloat16_products(kPanel, std::min(kPairs, pairs - pair),
                          {.x = y_pairs() + row * places_.panel + pair * 2 * kPanel,
                           .row = 2,
                           .pair = 2 * kPanel},
                          {.w = x_pairs() + column * places_.panel + pair * 2 * kPanel,
                           .panel = places_.panel,
                           .count = std::min(kPanels, panels() - column)},
                          add || pair > 0,
                          {.y = dw_ + row * kPanel * places_.in + column * kPanel,
                           .row = places_.in,
                           .panel = kPanel});
      }
    }
  }

  void add_bias() const {
    if (dbias_ == nullptr) return;
    for (int64_t block = 0; block < places_.blocks; ++block) {
      const float* sums = bias() + block * places_.out;
      for (int64_t c = 0; c < places_.out; ++c) dbias_[c] += sums[c];
    }
  }

 private:
  template <class T>
  T* at(int64_t byte) const {
    return reinterpret_cast<T*>(scratch_ + byte);
  }
  float* multiplier() const { return at<float>(places_.multiplier); }
  BFloat16* weights() const { return at<BFloat16>(places_.weights); }
  float* bias() const { return at<float>(places_.bias); }
  BFloat16* x_pairs() const { return at<BFloat16>(places_.x_pairs); }
  BFloat16* y_pairs() const { return at<BFloat16>(places_.y_pairs); }
  template <class T>
  T* own(int thread, int64_t byte) const {
    return at<T>(places_.own + thread * places_.own_size + byte);
  }

  int64_t column_groups() const { return divided_up(panels(), kPanels); }
  int64_t row_groups(int threads) const {
    constexpr int64_t kPartsPerThread = 4;
    return std::min(places_.out / kPanel, divided_up(kPartsPerThread * threads, column_groups()));
  }

  // Where the window of a pixel of y is.
  int64_t input_pixel(int64_t pixel) const {
    if (shape_.stride_h == 1 && shape_.stride_w == 1) return pixel;
    const int64_t column = pixel % shape_.out_width, row = pixel / shape_.out_width;
    const int64_t image = row / shape_.out_height;
    return (image * shape_.in_height + row % shape_.out_height * shape_.stride_h) *
               shape_.in_width +
           column * shape_.stride_w;
  }

  // What a block that begins there reads and writes.
  MemoryAhead memory_of(int64_t first) const {
    MemoryAhead memory;
    const int64_t pixels = std::min(places_.block, places_.pixels - first);
    if (pixels <= 0) return memory;
    const int64_t begin = input_pixel(first) * places_.in;
    const int64_t in = input_pixel(first + pixels - 1) * places_.in + places_.in - begin;
    const auto add = [&](const Gradient& gradient, int64_t from, int64_t count) {
      memory.add(gradient.at(from).data, count * (gradient.is_bfloat16 ? 2 : 4));
    };
    add(operands_.dy, first * places_.out, pixels * places_.out);
    if (dw_ != nullptr) memory.add(static_cast<const char*>(operands_.x) + begin, in);
    if (dx_) add(dx_, begin, in);
    return memory;
  }

  void multiply_weights(const BFloat16* rows, int64_t pixels, const int64_t* offsets, float* sums,
                        MemoryAhead ahead) const {
    constexpr int64_t kColumns = kPanels * kPanel;
    const int64_t panel_size = kPanel * places_.out, pairs = places_.out / 2;
    for (int64_t panel = 0; panel < panels(); panel += kPanels) {
      const int64_t count = std::min(kPanels, panels() - panel);
      for (int64_t pair = 0; pair < pairs; pair += kPairs) {
        bfloat16_products(pixels, std::min(kPairs, pairs - pair),
                          {.x = rows + 2 * pair, .row = places_.out, .pair = 2},
                          {.w = weights() + panel * panel_size + pair * 2 * kPanel,
                           .panel = panel_size,
                           .count = count},
                          /*add=*/pair > 0, {.y = sums, .row = kColumns, .panel = kPanel}, &ahead);
      }
      store_pixels(sums, kColumns, pixels, count * kPanel, offsets, dx_.at(panel * kPanel));
    }
  }

  const ConvolutionShape& shape_;
  const Places& places_;
  const Operands& operands_;
  Gradient dx_;
  float* dw_;
  float* dbias_;
  char* scratch_;
};

bool IntegerPointwiseGradients::fits(const ConvolutionShape& s, Layout in, Layout out) {
  return has_bfloat16() && s.groups == 1 && s.kernel_h == 1 && s.kernel_w == 1 && s.pad_top == 0 &&
         s.pad_left == 0 && (s.out_height - 1) * s.stride_h < s.in_height &&
         (s.out_width - 1) * s.stride_w < s.in_width && in == Layout::kChannelsLast &&
         out == Layout::kChannelsLast && s.in_channels % kPanel == 0 &&
         s.out_channels % kPanel == 0;
}

IntegerPointwiseGradients::IntegerPointwiseGradients(const ConvolutionShape& shape)
    : shape_(shape), threads_(omp_get_max_threads()) {}

int64_t IntegerPointwiseGradients::scratch_bytes() const {
  return Places(shape_, threads_).size;
}

void IntegerPointwiseGradients::run(const Operands& operands, const Gradient& dx, float* dw,
                                    float* dbias, void* scratch) const {
  const Places places(shape_, threads_);
  if (places.alone) return run_alone(places, operands, dx, dw, dbias, scratch);
  const Run run(shape_, places, operands, dx, dw, dbias, scratch);
  const int threads = std::min(threads_, omp_get_max_threads());
  const int64_t chunks = divided_up(places.pixels, places.chunk);
  const int64_t parts = run.parts(threads), rows = run.rows_to_clear();
  run.start();
#pragma omp parallel num_threads(threads)
  {
#pragma omp for schedule(static) nowait
    for (int64_t panel = 0; panel < run.panels(); ++panel) run.pack(panel);
#pragma omp for schedule(static)
    for (int64_t row = 0; row < rows; ++row) run.clear_row(row);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
#pragma omp for schedule(dynamic)
      for (int64_t block = 0; block < places.blocks; ++block) {
        run.take_block(chunk, block, omp_get_thread_num(), threads);
      }
#pragma omp single nowait
      run.add_bias();
#pragma omp for schedule(dynamic)
      for (int64_t part = 0; part < parts; ++part) run.take_part(chunk, part, threads, chunk > 0);
    }
  }
}

void IntegerPointwiseGradients::run_alone(const Places& places, const Operands& operands,
                                          const Gradient& dx, float* dw, float* dbias,
                                          void* scratch) const {
  auto* const memory = static_cast<char*>(scratch);
  const auto of_thread = [&](int thread, int64_t place) {
    return reinterpret_cast<float*>(memory + thread * places.of_thread + place);
  };
  const int64_t chunks = divided_up(places.pixels, places.chunk), weights = places.in * places.out;
  // As many as there are gradients: fewer threads than it was made for take several of them.
  const int takers = static_cast<int>(std::min<int64_t>(threads_, chunks));
  const int threads = std::min(takers, omp_get_max_threads());
  const Run whole(shape_, places, operands, dx, nullptr, nullptr, scratch);
  const int64_t rows = whole.rows_to_clear();
#pragma omp parallel num_threads(threads)
  {
#pragma omp for schedule(static)
    for (int64_t row = 0; row < rows; ++row) whole.clear_row(row);
#pragma omp for schedule(static)
    for (int taker = 0; taker < takers; ++taker) {
      const Run run(
          shape_, places, operands, dx, dw == nullptr ? nullptr : of_thread(taker, places.dw),
          dbias == nullptr ? nullptr : of_thread(taker, places.dbias), of_thread(taker, 0));
      const auto share = [&](int64_t count, int64_t i) { return count * i / takers; };
      run.start();
      for (int64_t panel = 0; panel < run.panels(); ++panel) run.pack(panel);
      const int64_t first = share(chunks, taker), parts = run.parts(1);
      for (int64_t chunk = first; chunk < share(chunks, taker + 1); ++chunk) {
        for (int64_t block = 0; block < places.blocks; ++block) run.take_block(chunk, block, 0, 1);
        run.add_bias();
        for (int64_t part = 0; part < parts; ++part) run.take_part(chunk, part, 1, chunk > first);
      }
    }
    const auto add_up = [&](int64_t i, int64_t place) {
      float sum = *(of_thread(0, place) + i);
      for (int taker = 1; taker < takers; ++taker) sum += *(of_thread(taker, place) + i);
      return sum;
    };
    if (dw != nullptr) {
#pragma omp for schedule(static)
      for (int64_t i = 0; i < weights; ++i) dw[i] = add_up(i, places.dw);
    }
    if (dbias != nullptr) {
#pragma omp for schedule(static)
      for (int64_t c = 0; c < places.out; ++c) dbias[c] = add_up(c, places.dbias);
    }
  }
}

}  // namespace octet::kernels
