// CIFAR-10 in its binary version (https://www.cs.toronto.edu/~kriz/cifar.html).
#pragma once

#include <memory>
#include <string>

#include "octet/train/dataset.h"

namespace octet {

// The records of data_batch_1.bin to data_batch_5.bin (training) or test_batch.bin (validation) in
// `folder` or its subfolder cifar-10-batches-bin, loaded as a whole; images are (3, 32, 32) uint8,
// RGB. Throws FileError with the path for a file that is missing, empty or not a whole number of
// records, and for a label outside 0..9.
std::unique_ptr<Dataset> open_cifar10_dataset(const std::string& folder, DataSplit split);

}  // namespace octet
