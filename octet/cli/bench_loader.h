// octet bench --data: how fast images for training are loaded.
#pragma once

#include "octet/cli/data_options.h"

namespace octet::cli {

// Images per second that the loader decodes and augments for training when nobody else computes,
// over two seconds or more. Throws what reading the data throws.
double loader_images_per_second(const DataOptions& options, int64_t image_size);

}  // namespace octet::cli
