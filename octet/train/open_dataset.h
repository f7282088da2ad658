// Datasets by name, as the program's option --data takes them.
#pragma once

#include <memory>
#include <string>

#include "octet/train/dataset.h"

namespace octet {

// Opens one of
//   fashion-mnist  Fashion-MNIST from Debian's package dataset-fashion-mnist, or from the folder
//                  that the environment variable OCTET_FASHION_MNIST names
//   idx:DIR        MNIST and its relatives, 10 classes (see idx_dataset.h)
//   cifar10:DIR    CIFAR-10, binary version (see cifar10_dataset.h)
//   images:DIR     JPEG and PNG, a folder per class (see image_folder.h); only in a build with
//                  OpenCV
// Throws Error for another spec, FileError for files that are missing or wrong.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, DataSplit split);

}  // namespace octet
