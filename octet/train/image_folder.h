// JPEG and PNG files, a folder per class. Part of the build only with OCTET_WITH_IMAGES.
#pragma once

#include <memory>
#include <string>

#include "octet/train/dataset.h"

namespace octet {

// The images FOLDER/train/CLASS/*.jpg|jpeg|png (training) or FOLDER/val/..., else FOLDER/test/...
// (validation); capital letters in the ending are allowed, names that begin with a dot are passed
// over. Classes are numbered in the order of their names, files are in the order of theirs. Images
// are decoded by get(), see decode_image. image_shape() is taken from a sample of up to 16 images.
// Throws FileError with the path for a missing folder, a class without images, classes that
// training and validation do not share, and if no image of the sample can be decoded.
std::unique_ptr<Dataset> open_image_folder(const std::string& folder, DataSplit split);

}  // namespace octet
