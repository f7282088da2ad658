#include "octet/train/data_loader_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "octet/base/error.h"

namespace octet {
namespace {

constexpr const char* kWhere = "data_loader";
// Workers are at most at the end of one epoch and at the beginning of the next.
constexpr size_t kKeptOrders = 2;

void check_options(const DataLoaderOptions& options) {
  OCTET_CHECK(options.batch_size >= 1, kWhere, "batch_size = {} must be at least 1",
              options.batch_size);
  OCTET_CHECK(options.workers >= 0, kWhere, "workers = {} must not be negative", options.workers);
  OCTET_CHECK(options.prefetch >= 1, kWhere, "prefetch = {} must be at least 1", options.prefetch);
  OCTET_CHECK(options.max_examples.value_or(1) >= 1, kWhere, "max_examples = {} must be at least 1",
              *options.max_examples);
}

}  // namespace

BatchMaker::BatchMaker(std::shared_ptr<const Dataset> dataset, DataLoaderOptions options)
    : dataset_(std::move(dataset)), options_(std::move(options)) {
  OCTET_CHECK(dataset_ != nullptr, kWhere, "no dataset was given");
  check_options(options_);
  check_augmentation(options_.augmentation, dataset_->image_shape()[0]);
  image_shape_ = augmented_shape(options_.augmentation, dataset_->image_shape());
  OCTET_CHECK(!image_shape_.has_free_dim(), kWhere,
              "the images differ in size: set an augmentation that gives them one size");
  num_examples_ = std::min(dataset_->size(), options_.max_examples.value_or(dataset_->size()));
  const int64_t batch = options_.batch_size;
  batches_per_epoch_ =
      options_.drop_last ? num_examples_ / batch : (num_examples_ + batch - 1) / batch;
  OCTET_CHECK(
      batches_per_epoch_ > 0, kWhere,
      "{} examples do not fill one batch of {}: use a smaller batch_size (--batch) or keep the "
      "last batch",
      num_examples_, batch);
}

BatchResult BatchMaker::make(int64_t number) const {
  BatchResult result;
  try {
    fill(number, result);
  } catch (...) {
    result.error = std::current_exception();
  }
  return result;
}

void BatchMaker::fill(int64_t number, BatchResult& result) const {
  const int64_t epoch = number / batches_per_epoch_;
  const int64_t begin = number % batches_per_epoch_ * options_.batch_size;
  const int64_t end = std::min(begin + options_.batch_size, num_examples_);
  const Order order = order_of(epoch);
  Shape shape = image_shape_;
  shape.insert(shape.begin(), end - begin);
  result.batch.image = at::empty(shape, at::kFloat);
  result.batch.label = at::empty({end - begin, 1}, at::kLong);
  for (int64_t i = begin; i < end && !cancelled_; ++i) {
    const int64_t slot = (*order)[i];
    DataRandom random(options_.seed, epoch, dataset_index(slot));
    result.batch.label.data_ptr<int64_t>()[i - begin] =
        load_or_replace(slot, random, result.batch.image[i - begin], result);
  }
}

int64_t BatchMaker::load_or_replace(int64_t slot, DataRandom& random, const at::Tensor& image,
                                    BatchResult& result) const {
  for (int64_t attempt = 0;; ++attempt) {
    const int64_t index = dataset_index((slot + attempt) % num_examples_);
    try {
      return load(index, random, image);
    } catch (const FileError& error) {
      const bool all_are_bad = attempt + 1 == num_examples_;
      if (!options_.skip_bad || all_are_bad || cancelled_) throw;
      result.skipped.emplace_back(index, error.what());
    }
  }
}

// Writes the image and returns the label.
int64_t BatchMaker::load(int64_t index, DataRandom& random, const at::Tensor& image) const {
  const Example example = dataset_->get(index);
  const Shape found = augmented_shape(options_.augmentation, Shape(example.image.sizes().vec()));
  OCTET_CHECK_FILE(found == image_shape_, dataset_->source(index),
                   "the image becomes {}, others {}: set an augmentation that gives them one size",
                   to_string(found), to_string(image_shape_));
  augment_into(options_.augmentation, example.image, random, image);
  return example.label;
}

// The place in the dataset of the slot'th of the examples that are used.
int64_t BatchMaker::dataset_index(int64_t slot) const {
  return slot * dataset_->size() / num_examples_;
}

BatchMaker::Order BatchMaker::order_of(int64_t epoch) const {
  const std::lock_guard lock(orders_mutex_);
  const int64_t key = options_.shuffle ? epoch : 0;
  if (const auto found = orders_.find(key); found != orders_.end()) return found->second;
  auto order = std::make_shared<std::vector<int64_t>>();
  if (options_.shuffle) {
    *order = shuffled_order(num_examples_, options_.seed, epoch);
  } else {
    order->resize(num_examples_);
    std::iota(order->begin(), order->end(), int64_t{0});
  }
  if (orders_.size() >= kKeptOrders) orders_.erase(orders_.begin());
  orders_[key] = order;
  return order;
}

}  // namespace octet
