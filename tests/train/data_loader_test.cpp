#include "octet/train/data_loader.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

// The image at `index` is filled with it, and its label is the index.
class CountingDataset : public Dataset {
 public:
  explicit CountingDataset(int64_t size) : size_(size) {}

  std::set<int64_t> bad;     // throws FileError
  std::set<int64_t> larger;  // has another shape
  std::chrono::milliseconds pause{0};

  int64_t size() const override { return size_; }
  int64_t num_classes() const override { return size_; }
  Shape image_shape() const override { return {1, 4, 4}; }
  Example get(int64_t index) const override {
    std::this_thread::sleep_for(pause);
    OCTET_CHECK_FILE(!bad.contains(index), source(index), "corrupt image");
    const int64_t side = larger.contains(index) ? 5 : 4;
    return {at::full({1, side, side}, static_cast<float>(index)), index};
  }
  std::string source(int64_t index) const override { return fmt::format("image{}.png", index); }
  std::vector<std::string> class_names() const override {
    return std::vector<std::string>(size_, "a");
  }

 private:
  int64_t size_;
};

std::vector<int64_t> labels(const Batch& batch) {
  const int64_t* data = batch.label.data_ptr<int64_t>();
  return {data, data + batch.label.numel()};
}

std::vector<int64_t> next_labels(DataLoader& loader, int64_t batches) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < batches; ++i) {
    const std::vector<int64_t> more = labels(loader.next());
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::shared_ptr<CountingDataset> counting(int64_t size) {
  return std::make_shared<CountingDataset>(size);
}

TEST(DataLoader, GivesBatchesInTheDatasetsOrderWithoutShuffling) {
  DataLoader loader(counting(5), {.batch_size = 2, .shuffle = false, .drop_last = false});
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  EXPECT_EQ(loader.image_shape(), Shape({1, 4, 4}));
  const Batch batch = loader.next();
  EXPECT_EQ(batch.image.sizes(), at::IntArrayRef({2, 1, 4, 4}));
  EXPECT_EQ(batch.label.sizes(), at::IntArrayRef({2, 1}));
  EXPECT_EQ(batch.label.scalar_type(), at::kLong);
  EXPECT_TRUE(batch.image[1].eq(1).all().item<bool>());
  EXPECT_THAT(next_labels(loader, 3), ElementsAre(2, 3, 4, 0, 1));
}

TEST(DataLoader, EndsEachPassWithNullopt) {
  DataLoader loader(counting(5), {.batch_size = 2, .shuffle = false});
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_THAT(labels(*loader.next_in_epoch()), ElementsAre(0, 1));
    EXPECT_THAT(labels(*loader.next_in_epoch()), ElementsAre(2, 3));
    EXPECT_FALSE(loader.next_in_epoch().has_value());
  }
}

TEST(DataLoader, ShowsEveryExampleOnceAnEpochInAnOrderOfItsOwn) {
  DataLoader loader(counting(20), {.batch_size = 5, .seed = 3});
  const std::vector<int64_t> first = next_labels(loader, 4), second = next_labels(loader, 4);
  EXPECT_EQ(std::set<int64_t>(first.begin(), first.end()).size(), 20u);
  EXPECT_EQ(std::set<int64_t>(second.begin(), second.end()).size(), 20u);
  EXPECT_NE(first, second);
  EXPECT_THAT(first, ElementsAreArray(shuffled_order(20, 3, 0)));
  EXPECT_THAT(second, ElementsAreArray(shuffled_order(20, 3, 1)));
}

TEST(DataLoader, GivesTheSameWhateverTheNumberOfWorkers) {
  DataLoaderOptions options{.batch_size = 3, .seed = 1, .workers = 0};
  options.augmentation = training_augmentation({1, 4, 4});
  options.augmentation.random_crop->padding = 2;
  std::vector<at::Tensor> expected;
  DataLoader alone(counting(10), options);
  for (int i = 0; i < 8; ++i) expected.push_back(alone.next().image);
  for (int workers : {1, 2, 5}) {
    for (int prefetch : {1, 4}) {
      options.workers = workers;
      options.prefetch = prefetch;
      DataLoader loader(counting(10), options);
      for (const at::Tensor& image : expected) EXPECT_TRUE(at::equal(loader.next().image, image));
    }
  }
}

TEST(DataLoader, ResumesExactly) {
  const DataLoaderOptions options{.batch_size = 4, .seed = 9};
  DataLoader loader(counting(10), options);
  next_labels(loader, 3);
  const DataLoader::State state = loader.state();
  EXPECT_EQ(state, (DataLoader::State{1, 1}));
  const std::vector<int64_t> expected = next_labels(loader, 4);
  loader.set_state(state);
  EXPECT_EQ(next_labels(loader, 4), expected);
  DataLoader other(counting(10), options);
  other.set_state(state);
  EXPECT_EQ(next_labels(other, 4), expected);
}

TEST(DataLoader, ResumesAtTheEndOfAnEpoch) {
  DataLoader loader(counting(4), {.batch_size = 2, .shuffle = false});
  loader.set_state({0, 2});
  EXPECT_FALSE(loader.next_in_epoch().has_value());
  EXPECT_EQ(loader.state(), (DataLoader::State{1, 0}));
  loader.set_state({0, 2});
  EXPECT_THAT(labels(loader.next()), ElementsAre(0, 1));
  EXPECT_EQ(loader.state(), (DataLoader::State{1, 1}));
}

TEST(DataLoader, TakesEvenlySpreadExamples) {
  DataLoader loader(counting(10),
                    {.batch_size = 4, .shuffle = false, .drop_last = false, .max_examples = 4});
  EXPECT_EQ(loader.num_examples(), 4);
  EXPECT_THAT(next_labels(loader, 1), ElementsAre(0, 2, 5, 7));
  EXPECT_EQ(DataLoader(counting(3), {.batch_size = 1, .max_examples = 9}).num_examples(), 3);
}

TEST(DataLoader, RethrowsWhatAWorkerThrewAtItsPlace) {
  for (int workers : {0, 2}) {
    const auto dataset = counting(6);
    dataset->bad = {3};
    DataLoader loader(dataset, {.batch_size = 2, .shuffle = false, .workers = workers});
    EXPECT_THAT(labels(loader.next()), ElementsAre(0, 1));
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(message_of<FileError>([&] { loader.next(); }), "[image3.png] corrupt image");
    }
    EXPECT_EQ(loader.state(), (DataLoader::State{0, 1}));
    loader.set_state({0, 2});
    EXPECT_THAT(labels(loader.next()), ElementsAre(4, 5));
  }
}

TEST(DataLoader, ReplacesBadExamplesAndCountsEachOnce) {
  for (int workers : {0, 2}) {
    const auto dataset = counting(6);
    dataset->bad = {1, 2, 5};
    DataLoader loader(dataset,
                      {.batch_size = 3, .shuffle = false, .workers = workers, .skip_bad = true});
    EXPECT_EQ(loader.skipped(), 0);
    EXPECT_THAT(labels(loader.next()), ElementsAre(0, 3, 3));
    EXPECT_EQ(loader.skipped(), 2);
    EXPECT_THAT(next_labels(loader, 3), ElementsAre(3, 4, 0, 0, 3, 3, 3, 4, 0));
    EXPECT_EQ(loader.skipped(), 3);
  }
}

TEST(DataLoader, DoesNotSearchForeverWhereAllIsBad) {
  const auto dataset = counting(3);
  dataset->bad = {0, 1, 2};
  DataLoader loader(dataset, {.batch_size = 1, .shuffle = false, .skip_bad = true});
  EXPECT_EQ(message_of<FileError>([&] { loader.next(); }), "[image2.png] corrupt image");
}

TEST(DataLoader, NamesAnImageOfAnotherSize) {
  const auto dataset = counting(2);
  dataset->larger = {1};
  DataLoader loader(dataset, {.batch_size = 2, .shuffle = false});
  EXPECT_EQ(message_of<FileError>([&] { loader.next(); }),
            "[image1.png] the image becomes (1, 5, 5), others (1, 4, 4): set an augmentation that "
            "gives them one size");
}

TEST(DataLoader, EndsAtOnceWhileWorkersAreBusy) {
  const auto dataset = counting(1000);
  dataset->pause = std::chrono::milliseconds(20);
  const auto begin = std::chrono::steady_clock::now();
  { DataLoader loader(dataset, {.batch_size = 500, .workers = 3}); }
  { DataLoader loader(dataset, {.batch_size = 1, .workers = 3, .prefetch = 1}); }
  // A batch of 500 would take 10 seconds; one example takes 20 ms.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST(DataLoader, SaysWhatIsWrongWithItsOptions) {
  const auto error = [](const DataLoaderOptions& options) {
    return message_of<Error>([&] { DataLoader(counting(5), options); });
  };
  EXPECT_EQ(error({.batch_size = 0}), "[data_loader] batch_size = 0 must be at least 1");
  EXPECT_EQ(error({.workers = -1}), "[data_loader] workers = -1 must not be negative");
  EXPECT_EQ(error({.prefetch = 0}), "[data_loader] prefetch = 0 must be at least 1");
  EXPECT_EQ(error({.max_examples = 0}), "[data_loader] max_examples = 0 must be at least 1");
  EXPECT_EQ(error({.batch_size = 6}),
            "[data_loader] 5 examples do not fill one batch of 6: use a smaller batch_size "
            "(--batch) or keep the last batch");
  EXPECT_EQ(message_of<Error>([] { DataLoader(nullptr, {}); }),
            "[data_loader] no dataset was given");
  DataLoader loader(counting(5), {.batch_size = 2});
  EXPECT_EQ(message_of<Error>([&] {
              loader.set_state({0, 3});
            }),
            "[data_loader] no place at epoch 0, batch 3: an epoch has 2 batches");
}

// Images of differing sizes need an augmentation that makes them equal.
class VaryingDataset final : public CountingDataset {
 public:
  using CountingDataset::CountingDataset;
  Shape image_shape() const override { return {1, kFreeDim, kFreeDim}; }
};

TEST(DataLoader, NeedsOneSizeForAllImages) {
  const auto dataset = std::make_shared<VaryingDataset>(4);
  dataset->larger = {1, 3};
  EXPECT_EQ(
      message_of<Error>([&] { DataLoader(dataset, {.batch_size = 2}); }),
      "[data_loader] the images differ in size: set an augmentation that gives them one size");
  DataLoader loader(dataset,
                    {.batch_size = 2, .shuffle = false, .augmentation = {.center_crop = 4}});
  EXPECT_THAT(next_labels(loader, 2), ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace octet
