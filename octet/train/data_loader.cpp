#include "octet/train/data_loader.h"

#include <ATen/ATen.h>

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/train/data_loader_batch.h"

namespace octet {
namespace {

// Keeps the number of a batch, counted through all epochs, far from overflow.
constexpr int64_t kMaxEpoch = int64_t{1} << 31;

}  // namespace

// Workers take the numbers of batches in turn and put what they made into ready_, from where take()
// hands it out in order.
class DataLoader::Impl {
 public:
  Impl(std::shared_ptr<const Dataset> dataset, const DataLoaderOptions& options)
      : maker_(std::move(dataset), options), prefetch_(options.prefetch) {
    for (int i = 0; i < options.workers; ++i) {
      workers_.emplace_back([this](std::stop_token stop) { work(stop); });
    }
  }

  // The workers are stopped and joined by their own destructors.
  ~Impl() { maker_.cancel(); }

  const BatchMaker& maker() const { return maker_; }
  const State& state() const { return state_; }
  int64_t skipped() const { return static_cast<int64_t>(skipped_.size()); }

  bool at_end_of_epoch() const { return state_.position == maker_.batches_per_epoch(); }
  void begin_next_epoch() { state_ = {state_.epoch + 1, 0}; }

  // The batch at the state, which then moves on.
  Batch take() {
    const int64_t number = number_of(state_);
    BatchResult result = workers_.empty() ? maker_.make(number) : wait_for(number);
    note_skipped(result);
    if (result.error) std::rethrow_exception(result.error);
    ++state_.position;
    {
      const std::lock_guard lock(mutex_);
      ready_.erase(number);
      first_wanted_ = number + 1;
    }
    changed_.notify_all();
    return std::move(result.batch);
  }

  void restart(const State& state) {
    state_ = state;
    {
      const std::lock_guard lock(mutex_);
      ++generation_;
      ready_.clear();
      first_wanted_ = next_to_make_ = number_of(state);
    }
    changed_.notify_all();
  }

 private:
  int64_t number_of(const State& state) const {
    return state.epoch * maker_.batches_per_epoch() + state.position;
  }

  // What is waited for stays in ready_, so that an error is met again at the next call.
  BatchResult wait_for(int64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ready_.contains(number); });
    return ready_.at(number);
  }

  void note_skipped(const BatchResult& result) {
    for (const auto& [index, message] : result.skipped) {
      if (skipped_.insert(index).second) log_warning("skipped a bad example: {}", message);
    }
  }

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto has_work = [this] { return next_to_make_ < first_wanted_ + prefetch_; };
    while (changed_.wait(lock, stop, has_work) && !stop.stop_requested()) {
      const int64_t number = next_to_make_++;
      const int64_t generation = generation_;
      lock.unlock();
      BatchResult result = maker_.make(number);
      lock.lock();
      if (generation == generation_) ready_.emplace(number, std::move(result));
      changed_.notify_all();
    }
  }

  BatchMaker maker_;
  const int64_t prefetch_;
  State state_;
  std::set<int64_t> skipped_;

  // Guards the members below up to workers_.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<int64_t, BatchResult> ready_;
  int64_t first_wanted_ = 0;
  int64_t next_to_make_ = 0;
  // Counts the restarts: a batch begun before one is thrown away after it.
  int64_t generation_ = 0;

  // Last: these start when everything above exists and end before it goes.
  std::vector<std::jthread> workers_;
};

DataLoader::DataLoader(std::shared_ptr<const Dataset> dataset, const DataLoaderOptions& options)
    : impl_(std::make_unique<Impl>(std::move(dataset), options)) {}

DataLoader::~DataLoader() = default;

Batch DataLoader::next() {
  if (impl_->at_end_of_epoch()) impl_->begin_next_epoch();
  return impl_->take();
}

std::optional<Batch> DataLoader::next_in_epoch() {
  if (impl_->at_end_of_epoch()) {
    impl_->begin_next_epoch();
    return std::nullopt;
  }
  return impl_->take();
}

int64_t DataLoader::batches_per_epoch() const {
  return impl_->maker().batches_per_epoch();
}
int64_t DataLoader::num_examples() const {
  return impl_->maker().num_examples();
}
Shape DataLoader::image_shape() const {
  return impl_->maker().image_shape();
}
int64_t DataLoader::skipped() const {
  return impl_->skipped();
}
DataLoader::State DataLoader::state() const {
  return impl_->state();
}

void DataLoader::set_state(const State& state) {
  const bool epoch_fits = state.epoch >= 0 && state.epoch <= kMaxEpoch;
  OCTET_CHECK(epoch_fits && state.position >= 0 && state.position <= batches_per_epoch(),
              "data_loader", "no place at epoch {}, batch {}: an epoch has {} batches", state.epoch,
              state.position, batches_per_epoch());
  impl_->restart(state);
}

}  // namespace octet
