// DATA of the command line, and how it is fed.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "octet/train/data_loader.h"

namespace octet::cli {

struct DataOptions {
  std::string data;
  int64_t batch = 64;
  int64_t max_examples = 0;
  int workers = 2;
  bool no_augmentation = false;
  bool skip_bad = false;
  std::string mean;  // numbers with commas between them; empty: what training_augmentation() takes
  std::string std;
};

// --data, --batch, --max-examples, --workers, --skip-bad, --mean and --std; for training commands
// --no-augmentation too.
void add_data_options(CLI::App& command, DataOptions& options, bool training);

// The training examples, shuffled by the seed and augmented. `size`: side of the images; 0 for the
// data's own.
std::unique_ptr<DataLoader> open_training_data(const DataOptions& options, int64_t size,
                                               uint64_t seed);
// All validation examples in their order; the last batch may be smaller.
std::unique_ptr<DataLoader> open_validation_data(const DataOptions& options, int64_t size);

// Throws Error unless the loader's images are of the shape (C, H, W) that a network wants.
void check_image_shape(const DataLoader& loader, const Shape& wanted, const std::string& model);

// The number of classes of the data.
int64_t count_classes(const DataOptions& options);

}  // namespace octet::cli
