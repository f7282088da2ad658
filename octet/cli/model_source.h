// MODEL and IN of the command line: a file, or a name of the model zoo.
#pragma once

#include <string>

#include "octet/cli/model_formats.h"

namespace octet::cli {

// Reads a file by its extension, see model_formats.h; the parameters of a text graph are drawn from
// `seed`. Throws FileError for a file that is missing or wrong, and for another extension; where
// `zoo` is true the message for a missing file lists the models of the zoo.
Model read_model(const std::string& path, c10::Device device, uint64_t seed = 0, bool zoo = false);

// Whether the name stands for a model of the zoo: it is one and there is no file of that name.
bool names_zoo_model(const std::string& name);

struct ZooOptions {
  int64_t num_classes = 1000;
  double width = 1;
};
// The validation network of a zoo model for images (C, H, W), with a free batch size and the
// output "y".
Model build_zoo_model(const std::string& name, const Shape& image_shape, const ZooOptions& options,
                      c10::Device device, uint64_t seed);

}  // namespace octet::cli
