// Text graphs as models: files without parameters.
#pragma once

#include "octet/cli/model_formats.h"

namespace octet::cli {

// Parameters are drawn from `seed`: weights by Glorot's rule, scales and variances 1, all else 0.
Model read_text_graph(const std::string& path, c10::Device device, uint64_t seed);

// Warns that parameters, if there are any, are left out.
void write_text_graph(const std::string& path, const Model& model,
                      const ModelWriteOptions& options);

}  // namespace octet::cli
