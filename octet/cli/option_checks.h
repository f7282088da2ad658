// Options that would do nothing in a combination: better an error than silence.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

namespace octet::cli {

// Throws Error "[--name] why" for the first of the options that the command line gives.
void refuse_options(const CLI::App& command, const std::vector<std::string_view>& names,
                    std::string_view why);

}  // namespace octet::cli
