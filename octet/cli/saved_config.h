// The configuration that a quantized network was made with, where its file tells.
#pragma once

#include <optional>

#include "octet/cli/model_formats.h"
#include "octet/qat/qat_config.h"

namespace octet::cli {

// What QATScheduler::save noted in a .nnp; nothing for other files, and for a note of another kind.
std::optional<QATConfig> saved_config(const Model& model);

}  // namespace octet::cli
