#include "octet/kernels/float_winograd.h"

#include <omp.h>

#include <algorithm>

#include "octet/kernels/channel_sums.h"
#include "octet/kernels/float_winograd_part.h"
#include "octet/kernels/whole_multiples.h"
#include "octet/kernels/winograd_layers.h"

namespace octet::kernels {
namespace {

// Floats of transformed weights, and of sums of products, that are in use at a time: 4 MiB.
constexpr int64_t kPanelFloats = 1 << 20;
// Floats of transforms that a thread works on, and of those that all threads share.
constexpr int64_t kPartFloats = 128 << 10, kChunkFloats = 2 << 20;

int64_t panels_at_once(const TileLayer& layer) {
  return std::clamp<int64_t>(kPanelFloats / float_panel_size(layer.x.places.channels), 1,
                             layer.y.panels());
}

// Rows of tiles whose transforms, `width` floats for each tile, stay within `most`.
int64_t rows_at_once(const TileLayer& layer, int64_t width, int64_t most) {
  return std::clamp<int64_t>(most / (width * layer.tile_columns()), 1, layer.rows());
}

int64_t part_rows(const TileLayer& layer) {
  return rows_at_once(layer, kWinogradProducts * layer.x.places.channels, kPartFloats);
}

int64_t forward_floats(const TileLayer& layer, int threads) {
  return panels_at_once(layer) * float_panel_size(layer.x.places.channels) +
         threads * forward_scratch(layer, part_rows(layer));
}

GradientChunk first_chunk(const TileLayer& layer) {
  const int64_t panels = panels_at_once(layer);
  const int64_t width = kWinogradProducts * (layer.x.places.channels + panels * kFloatPanel);
  return {.rows = {0, rows_at_once(layer, width, kChunkFloats)}, .panels = {0, panels}};
}

// kept: all panels transformed already, or null.
void run_forward(const TileLayer& layer, int threads, const float* x, const WeightOrder& order,
                 const float* kept, const float* bias, float* y, float* scratch) {
  const int64_t at_once = panels_at_once(layer), panel_size = float_panel_size(order.in_channels);
  const int64_t rows = part_rows(layer), parts = divided_up(layer.rows(), rows);
  float* own = scratch + at_once * panel_size;
  const int64_t own_size = forward_scratch(layer, rows);
  // Few parts are divided by panels as well.
  constexpr int64_t kTasksPerThread = 4;
  const int64_t cuts = std::clamp<int64_t>(kTasksPerThread * threads / parts, 1, at_once);
  const int64_t task_panels = divided_up(at_once, cuts);
#pragma omp parallel num_threads(threads)
  for (int64_t first = 0; first < layer.y.panels(); first += at_once) {
    const int64_t count = std::min(at_once, layer.y.panels() - first);
    const int64_t groups = divided_up(count, task_panels);
    if (kept == nullptr) {
#pragma omp for schedule(static)
      for (int64_t panel = 0; panel < count; ++panel) {
        pack_float_panel(order, first + panel, scratch + panel * panel_size);
      }
    }
    const float* weights = kept == nullptr ? scratch : kept + first * panel_size;
#pragma omp for schedule(dynamic)
    for (int64_t task = 0; task < groups * parts; ++task) {
      const int64_t panel = task / parts * task_panels, row = task % parts * rows;
      tile_rows_forward(layer, x, weights + panel * panel_size, bias,
                        {first + panel, std::min(task_panels, count - panel)},
                        {row, std::min(rows, layer.rows() - row)}, y,
                        own + omp_get_thread_num() * own_size);
    }
  }
}

// Where the pieces of a chunk lie in the scratch memory.
struct ChunkMemory {
  float* x_transforms;
  float* y_transforms;
  float* products;
  float* staged;  // of each thread

  ChunkMemory(const TileLayer& layer, const GradientChunk& largest, float* scratch)
      : x_transforms(scratch),
        y_transforms(x_transforms + largest.x(layer).size()),
        products(y_transforms + largest.y(layer).size()),
        staged(products + largest.products_size(layer)) {}
  static int64_t size(const TileLayer& layer, int threads) {
    const GradientChunk largest = first_chunk(layer);
    return largest.x(layer).size() + largest.y(layer).size() + largest.products_size(layer) +
           threads * layer.staged_floats();
  }
};

// What a chunk adds to the products; in a parallel region.
void add_chunk(const TileLayer& layer, const GradientChunk& chunk, const float* x, const float* dy,
               const ChunkMemory& memory) {
  float* staged = memory.staged + omp_get_thread_num() * layer.staged_floats();
#pragma omp for schedule(static)
  for (int64_t row = 0; row < chunk.rows.count; ++row) {
    transform_x_row(layer, chunk, x, row, memory.x_transforms, staged);
    transform_y_row(layer, chunk, dy, row, memory.y_transforms, staged);
  }
#pragma omp for schedule(static)
  for (int64_t i = 0; i < kWinogradProducts * chunk.panels.count; ++i) {
    gradient_product(layer, chunk, memory.x_transforms, memory.y_transforms, i / kWinogradProducts,
                     i % kWinogradProducts, chunk.rows.first > 0, memory.products);
  }
}

void run_weight_gradient(const TileLayer& layer, int threads, const float* x, const float* dy,
                         float* dw, float* scratch) {
  const GradientChunk largest = first_chunk(layer);
  const ChunkMemory memory(layer, largest, scratch);
#pragma omp parallel num_threads(threads)
  for (int64_t panel = 0; panel < layer.y.panels(); panel += largest.panels.count) {
    GradientChunk chunk{
        .rows = {}, .panels = {panel, std::min(largest.panels.count, layer.y.panels() - panel)}};
    for (int64_t row = 0; row < layer.rows(); row += largest.rows.count) {
      chunk.rows = {row, std::min(largest.rows.count, layer.rows() - row)};
      add_chunk(layer, chunk, x, dy, memory);
    }
#pragma omp for schedule(static)
    for (int64_t i = 0; i < chunk.panels.count; ++i) {
      finish_gradient(layer, chunk, memory.products, i, dw);
    }
  }
}

}  // namespace

bool FloatWinograd::pays(const ConvolutionShape& shape, Layout in, Layout out) {
  return tiles_pay(shape, in, out);
}

FloatWinograd::FloatWinograd(const ConvolutionShape& shape, Layout in, Layout out)
    : shape_(shape), in_(in), out_(out), threads_(omp_get_max_threads()) {}

int64_t FloatWinograd::scratch_bytes() const {
  const TileLayer forward = forward_layer(shape_, in_, out_);
  return static_cast<int64_t>(sizeof(float)) *
         std::max({forward_floats(forward, threads_),
                   forward_floats(backward_layer(shape_, in_, out_), threads_),
                   ChunkMemory::size(forward, threads_)});
}

void FloatWinograd::keep_weights(const float* w) {
  const TileLayer layer = forward_layer(shape_, in_, out_);
  const int64_t panel_size = float_panel_size(shape_.in_channels);
  if (kept_.data() == nullptr) kept_ = AlignedBuffer<float>(layer.y.panels() * panel_size);
  const WeightOrder order = forward_order(shape_, w);
#pragma omp parallel for num_threads(std::min(threads_, omp_get_max_threads()))
  for (int64_t panel = 0; panel < layer.y.panels(); ++panel) {
    pack_float_panel(order, panel, kept_.data() + panel * panel_size);
  }
}

void FloatWinograd::forward(const float* x, const float* w, const float* bias, float* y,
                            void* scratch) const {
  run_forward(forward_layer(shape_, in_, out_), std::min(threads_, omp_get_max_threads()), x,
              forward_order(shape_, w), w == nullptr ? kept_.data() : nullptr, bias, y,
              static_cast<float*>(scratch));
}

void FloatWinograd::backward_data(const float* dy, const float* w, float* dx, void* scratch) const {
  const WeightOrder order = backward_order(shape_, w);
  run_forward(backward_layer(shape_, in_, out_), std::min(threads_, omp_get_max_threads()), dy,
              order, nullptr, nullptr, dx, static_cast<float*>(scratch));
}

void FloatWinograd::backward_weights(const float* x, const float* dy, float* dw, float* dbias,
                                     void* scratch) const {
  const TileLayer layer = forward_layer(shape_, in_, out_);
  const int threads = std::min(threads_, omp_get_max_threads());
  if (dw != nullptr) {
    run_weight_gradient(layer, threads, x, dy, dw, static_cast<float*>(scratch));
  }
  if (dbias == nullptr) return;
#pragma omp parallel for num_threads(threads)
  for (int64_t channel = 0; channel < shape_.out_channels; channel += kFloatBlock) {
    sum_channels(layer.y.places, shape_.batch, dy, channel, dbias + channel);
  }
}

}  // namespace octet::kernels
