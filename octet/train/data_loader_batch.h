// How a DataLoader makes one batch, without any threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "octet/train/data_loader.h"

namespace octet {

struct BatchResult {
  Batch batch;
  // Set where the batch could not be made.
  std::exception_ptr error;
  // Bad examples that were replaced: index in the dataset and message.
  std::vector<std::pair<int64_t, std::string>> skipped;
};

// Batches are numbered through all epochs: number = epoch * batches_per_epoch + position. What is
// made depends on the number and the options alone. The functions that are const may be called from
// several threads at once.
class BatchMaker {
 public:
  // Throws Error as DataLoader's constructor does.
  BatchMaker(std::shared_ptr<const Dataset> dataset, DataLoaderOptions options);

  int64_t num_examples() const { return num_examples_; }
  int64_t batches_per_epoch() const { return batches_per_epoch_; }
  const Shape& image_shape() const { return image_shape_; }

  // Never throws: errors are in the result.
  BatchResult make(int64_t number) const;
  // Lets every make() return after the example that it is at.
  void cancel() { cancelled_ = true; }

 private:
  using Order = std::shared_ptr<const std::vector<int64_t>>;

  void fill(int64_t number, BatchResult& result) const;
  int64_t load_or_replace(int64_t slot, DataRandom& random, const at::Tensor& image,
                          BatchResult& result) const;
  int64_t load(int64_t index, DataRandom& random, const at::Tensor& image) const;
  int64_t dataset_index(int64_t slot) const;
  Order order_of(int64_t epoch) const;

  std::shared_ptr<const Dataset> dataset_;
  DataLoaderOptions options_;
  int64_t num_examples_ = 0;
  int64_t batches_per_epoch_ = 0;
  Shape image_shape_;
  std::atomic<bool> cancelled_ = false;

  mutable std::mutex orders_mutex_;
  // The orders of the last epochs that were asked for; guarded by orders_mutex_.
  mutable std::map<int64_t, Order> orders_;
};

}  // namespace octet
