#include "octet/kernels/bfloat16_winograd.h"

#include <omp.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/kernels/bfloat16_tile.h"
#include "octet/kernels/bfloat16_winograd_part.h"
#include "octet/kernels/channel_sums.h"
#include "octet/kernels/whole_multiples.h"
#include "octet/kernels/winograd_layers.h"

namespace octet::kernels {
namespace {

constexpr int64_t kLine = 64;
// Elements of transforms that a thread works on, and bytes of those that all threads share.
constexpr int64_t kPartElements = 128 << 10, kChunkBytes = 4 << 20;

int64_t lines(int64_t bytes) {
  return rounded_up(bytes, kLine);
}

class BFloat16Winograd : public ConvolutionGradients {
 public:
  BFloat16Winograd(const ConvolutionShape& shape, const Options& options)
      : options_(options),
        shape_(shape),
        data_(backward_layer(shape, options.in, options.out)),
        weights_(forward_layer(shape, options.in, options.out)),
        threads_(omp_get_max_threads()) {
    const int64_t row = kWinogradProducts * data_.tile_columns() * shape.out_channels;
    // Enough parts for all threads.
    constexpr int64_t kPartsPerThread = 4;
    part_rows_ = std::clamp<int64_t>(kPartElements / row, 1,
                                     divided_up(data_.rows(), kPartsPerThread * threads_));
    const int64_t pair_bytes = 2 * (PairedTiles(weights_, 1, shape.in_channels).size() +
                                    PairedTiles(weights_, 1, shape.out_channels).size());
    chunk_rows_ = std::clamp<int64_t>(kChunkBytes / pair_bytes, 1, weights_.rows());
  }

  int64_t scratch_bytes() const override {
    return std::max(packed_bytes() + threads_ * data_memory().bytes() +
                        threads_ * 4 * float_panel_size(shape_.out_channels),
                    chunk_bytes() + 4 * weights_.y.panels() * float_panel_size(shape_.in_channels));
  }

  void backward_data(const Gradient& dy, const float* w, const Gradient& dx,
                     void* scratch) override {
    OCTET_INTERNAL_CHECK(dy.is_bfloat16 && dx.is_bfloat16 == options_.bfloat16_dx);
    const auto* from = static_cast<const BFloat16*>(dy.data);
    auto* packed = static_cast<BFloat16*>(scratch);
    char* own = static_cast<char*>(scratch) + packed_bytes();
    const BackwardRowsMemory memory = data_memory();
    const int64_t panel_size = float_panel_size(shape_.out_channels);
    const int64_t own_bytes = memory.bytes() + 4 * panel_size;
    const WeightOrder order = backward_order(shape_, w);
    const int64_t parts = divided_up(data_.rows(), part_rows_);
#pragma omp parallel num_threads(threads())
    {
      char* mine = own + omp_get_thread_num() * own_bytes;
      auto* panel_floats = reinterpret_cast<float*>(mine + memory.bytes());
#pragma omp for schedule(static)
      for (int64_t panel = 0; panel < data_.y.panels(); ++panel) {
        pack_float_panel(order, panel, panel_floats);
        round_panel(panel_floats, shape_.out_channels, packed + panel * panel_size);
      }
#pragma omp for schedule(dynamic)
      for (int64_t part = 0; part < parts; ++part) {
        const int64_t row = part * part_rows_;
        backward_rows(data_, from, packed, {row, std::min(part_rows_, data_.rows() - row)}, dx,
                      mine);
      }
    }
  }

  void backward_weights(const Gradient& x, const Gradient& dy, float* dw, float* dbias,
                        void* scratch) override {
    OCTET_INTERNAL_CHECK(x.is_bfloat16 && dy.is_bfloat16);
    const auto* y = static_cast<const BFloat16*>(dy.data);
    if (dw != nullptr) weight_gradient(static_cast<const BFloat16*>(x.data), y, dw, scratch);
    if (dbias == nullptr) return;
#pragma omp parallel for num_threads(threads())
    for (int64_t channel = 0; channel < shape_.out_channels; channel += kFloatBlock) {
      sum_channels(weights_.y.places, shape_.batch, y, channel, dbias + channel);
    }
  }

 private:
  int threads() const {
    return std::min(threads_, omp_get_max_threads());
  }

  int64_t packed_bytes() const {
    return lines(2 * data_.y.panels() * float_panel_size(shape_.out_channels));
  }
  BackwardRowsMemory data_memory() const {
    return {data_, part_rows_};
  }

  int64_t chunk_bytes() const {
    return lines(2 * PairedTiles(weights_, chunk_rows_, shape_.in_channels).size()) +
           lines(2 * PairedTiles(weights_, chunk_rows_, shape_.out_channels).size());
  }

  void weight_gradient(const BFloat16* x, const BFloat16* dy, float* dw, void* scratch) {
    const PairedTiles largest(weights_, chunk_rows_, shape_.in_channels);
    auto* x_pairs = static_cast<BFloat16*>(scratch);
    auto* y_pairs = x_pairs + lines(2 * largest.size()) / 2;
    auto* products = reinterpret_cast<float*>(static_cast<char*>(scratch) + chunk_bytes());
    const int64_t groups = divided_up(weights_.y.panels(), kBFloat16Panels);
    const GradientChunk whole{.rows = {}, .panels = {0, weights_.y.panels()}};
#pragma omp parallel num_threads(threads())
    {
      for (int64_t first = 0; first < weights_.rows(); first += chunk_rows_) {
        const int64_t rows = std::min(chunk_rows_, weights_.rows() - first);
        const PairedTiles of_x(weights_, rows, shape_.in_channels);
        const PairedTiles of_y(weights_, rows, shape_.out_channels);
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; ++row) {
          pair_x_row(weights_, of_x, x, first, row, x_pairs);
          pair_y_row(weights_, of_y, dy, first, row, y_pairs);
        }
#pragma omp for schedule(dynamic)
        for (int64_t task = 0; task < kWinogradProducts * groups; ++task) {
          add_products(of_x, of_y, task / groups, task % groups * kBFloat16Panels, first > 0,
                       x_pairs, y_pairs, products);
        }
      }
#pragma omp for schedule(static)
      for (int64_t panel = 0; panel < weights_.y.panels(); ++panel) {
        finish_gradient(weights_, whole, products, panel, dw);
      }
    }
  }

  // One of the sixteen, for some panels of y: to (panel, product, input channel, 16).
  void add_products(const PairedTiles& of_x, const PairedTiles& of_y, int64_t product,
                    int64_t panel, bool add, const BFloat16* x_pairs, const BFloat16* y_pairs,
                    float* products) const {
    const int64_t panel_size = float_panel_size(shape_.in_channels);
    const BFloat16* x = x_pairs + product * of_x.step();
    const BFloat16* y = y_pairs + product * of_y.step() + panel * of_y.panel_size();
    products += panel * panel_size + product * shape_.in_channels * kFloatPanel;
    for (int64_t pair = 0; pair < of_x.pairs(); pair += kBFloat16Pairs) {
      const int64_t offset = pair * 2 * kFloatPanel;
      for (int64_t x_panel = 0; x_panel < of_x.panels; ++x_panel) {
        bfloat16_products(
            kFloatPanel, std::min(kBFloat16Pairs, of_x.pairs() - pair),
            {.x = x + x_panel * of_x.panel_size() + offset, .row = 2, .pair = 2 * kFloatPanel},
            {.w = y + offset,
             .panel = of_y.panel_size(),
             .count = std::min(kBFloat16Panels, of_y.panels - panel)},
            add || pair > 0,
            {.y = products + x_panel * kFloatPanel * kFloatPanel,
             .row = kFloatPanel,
             .panel = panel_size});
      }
    }
  }

  Options options_;
  ConvolutionShape shape_;
  TileLayer data_, weights_;  // what is computed is dx, and y
  int threads_;
  int64_t part_rows_ = 1, chunk_rows_ = 1;
};

}  // namespace

bool bfloat16_tiles_pay(const ConvolutionShape& shape,
                        const ConvolutionGradients::Options& options) {
  // Of fewer channels the transforms cost more than the products save.
  constexpr int64_t kLeastChannels = 64;
  return tiles_pay(shape, options.in, options.out) &&
         std::min(shape.in_channels, shape.out_channels) >= kLeastChannels &&
         lanes_of(options.in, shape.in_channels) % kFloatPanel == 0 &&
         lanes_of(options.out, shape.out_channels) % kFloatPanel == 0;
}

std::unique_ptr<ConvolutionGradients> make_bfloat16_winograd(
    const ConvolutionShape& shape, const ConvolutionGradients::Options& options) {
  return std::make_unique<BFloat16Winograd>(shape, options);
}

}  // namespace octet::kernels
