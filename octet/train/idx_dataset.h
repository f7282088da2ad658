// Images and labels in the idx format of MNIST (http://yann.lecun.com/exdb/mnist), plain or
// compressed by gzip.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "octet/train/dataset.h"

namespace octet {

// The dataset in two given files, loaded as a whole; images are (1, H, W) uint8. Labels must lie
// in 0..class_names.size()-1. Throws FileError with the path and the values for a file that is
// missing, is not idx, is shorter or longer than its header says, for numbers of images and labels
// that differ and for a label out of range.
std::unique_ptr<Dataset> read_idx_dataset(const std::string& images_path,
                                          const std::string& labels_path,
                                          std::vector<std::string> class_names);

// The dataset in a folder with MNIST's file names: (train|t10k)-(images-idx3|labels-idx1)-ubyte,
// with '.' for the second '-' as some distributions have it, and with or without .gz. Throws
// FileError for a folder that has none of them.
std::unique_ptr<Dataset> open_idx_dataset(const std::string& folder, DataSplit split,
                                          std::vector<std::string> class_names);

}  // namespace octet
