#include "octet/cli/data_options.h"

#include "octet/base/error.h"
#include "octet/cli/number_options.h"
#include "octet/train/open_dataset.h"

namespace octet::cli {

namespace {

DataLoaderOptions loader_options(const DataOptions& options) {
  DataLoaderOptions result;
  result.batch_size = options.batch;
  result.workers = options.workers;
  result.skip_bad = options.skip_bad;
  if (options.max_examples > 0) result.max_examples = options.max_examples;
  return result;
}

Normalization normalization(const DataOptions& options) {
  return {.mean = parse_number_list(options.mean), .std = parse_number_list(options.std)};
}

}  // namespace

void add_data_options(CLI::App& command, DataOptions& options, bool training) {
  command.add_option("--data", options.data, "fashion-mnist, idx:DIR, cifar10:DIR or images:DIR")
      ->required();
  command.add_option("--batch", options.batch, "Examples per step")
      ->check(positive_count())
      ->capture_default_str();
  command
      .add_option("--max-examples", options.max_examples,
                  "Use at most so many training and so many validation examples")
      ->check(positive_count());
  command.add_option("--workers", options.workers, "Threads that decode images")
      ->check(count_between(0, 256))
      ->capture_default_str();
  command.add_flag("--skip-bad", options.skip_bad,
                   "Put the next good image in the place of one that cannot be read, and count "
                   "these");
  CLI::Option* mean =
      command
          .add_option("--mean", options.mean,
                      "Pixels become (x / 255 - mean) / std: one number, or one for each channel "
                      "with commas between them; else those of ImageNet for 3 channels, 0.5 and "
                      "0.5 for others")
          ->check(number_list());
  CLI::Option* std =
      command.add_option("--std", options.std, "See --mean")->check(number_list())->needs(mean);
  mean->needs(std);
  if (training) {
    command.add_flag("--no-augmentation", options.no_augmentation,
                     "Train on the images as they are, without crops and flips");
  }
}

std::unique_ptr<DataLoader> open_training_data(const DataOptions& options, int64_t size,
                                               uint64_t seed) {
  std::shared_ptr<const Dataset> dataset = open_dataset(options.data, DataSplit::kTraining);
  DataLoaderOptions loader = loader_options(options);
  loader.seed = seed;
  const Normalization pixels = normalization(options);
  loader.augmentation = options.no_augmentation
                            ? validation_augmentation(dataset->image_shape(), size, pixels)
                            : training_augmentation(dataset->image_shape(), size, pixels);
  return std::make_unique<DataLoader>(dataset, loader);
}

std::unique_ptr<DataLoader> open_validation_data(const DataOptions& options, int64_t size) {
  std::shared_ptr<const Dataset> dataset = open_dataset(options.data, DataSplit::kValidation);
  DataLoaderOptions loader = loader_options(options);
  loader.shuffle = false;
  loader.drop_last = false;
  loader.augmentation =
      validation_augmentation(dataset->image_shape(), size, normalization(options));
  return std::make_unique<DataLoader>(dataset, loader);
}

void check_image_shape(const DataLoader& loader, const Shape& wanted, const std::string& model) {
  OCTET_CHECK(loader.image_shape() == wanted, model, "the network takes images {}, the data has {}",
              to_string(wanted), to_string(loader.image_shape()));
}

int64_t count_classes(const DataOptions& options) {
  return open_dataset(options.data, DataSplit::kValidation)->num_classes();
}

}  // namespace octet::cli
