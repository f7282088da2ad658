// Batches for training and validation, decoded ahead by worker threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "octet/train/augmentation.h"
#include "octet/train/dataset.h"

namespace octet {

struct Batch {
  at::Tensor image;  // (N, C, H, W) float32, contiguous
  at::Tensor label;  // (N, 1) int64
};

struct DataLoaderOptions {
  int64_t batch_size = 32;
  // A new order in every epoch, which depends on the seed and the epoch alone; else the dataset's.
  bool shuffle = true;
  uint64_t seed = 0;
  // Threads that decode; 0 to decode in next() itself. The batches do not depend on it.
  int workers = 2;
  // Leave out the last batch of an epoch where it is not full; else it is smaller.
  bool drop_last = true;
  // Put the next good example of the dataset in the place of one that cannot be read.
  bool skip_bad = false;
  // Batches that may be ready or in the making ahead of next().
  int prefetch = 4;
  Augmentation augmentation = {};
  // Use only so many examples, taken at even distances from the whole dataset.
  std::optional<int64_t> max_examples = std::nullopt;
};

class DataLoader {
 public:
  // A place in the data: `position` batches of `epoch` were handed out.
  struct State {
    int64_t epoch = 0;
    int64_t position = 0;
    bool operator==(const State&) const = default;
  };

  // Throws Error for options outside their range, for a dataset too small for one batch and for an
  // augmentation that leaves images of differing sizes.
  DataLoader(std::shared_ptr<const Dataset> dataset, const DataLoaderOptions& options);
  // Waits at most for the examples that are being decoded.
  ~DataLoader();
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;

  // The next batch, without end. Throws what reading its examples threw (FileError with the path
  // for a bad file), again at each call.
  Batch next();
  // The next batch of this epoch; nullopt once at its end, after which the next epoch begins.
  std::optional<Batch> next_in_epoch();

  int64_t batches_per_epoch() const;
  // Examples of an epoch, at most max_examples.
  int64_t num_examples() const;
  // (C, H, W) of the batches' images.
  Shape image_shape() const;
  // Bad examples that were met and replaced so far, each counted once; only with skip_bad.
  int64_t skipped() const;

  State state() const;
  // Goes on exactly where a loader with the same dataset, seed and batch size was. Throws Error for
  // a place that cannot be.
  void set_state(const State& state);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace octet
