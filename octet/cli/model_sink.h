// OUT of the command line: a model written to a file, and held against what was to be written.
#pragma once

#include "octet/cli/model_formats.h"

namespace octet::cli {

// Writes by the extension of `path`. Where options.check is set the file is read back and run on a
// random batch before it gets its name: a file whose outputs differ never appears (Error). Throws
// Error for options that the format does not know and for a network that breaks the rules of
// options.target, FileError where the file cannot be written.
void write_model(const std::string& path, const Model& model, const ModelWriteOptions& options);

}  // namespace octet::cli
