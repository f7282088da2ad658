// What numbers options of the command line take, and the messages for others.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace octet::cli {

// For CLI::Option::check(). An error is what CLI11 puts behind the option's name, e.g. "'-3' is not
// a whole number above 0".
CLI::Validator positive_count();      // 1, 2, 3, ...
CLI::Validator non_negative_count();  // 0, 1, 2, ...
CLI::Validator count_between(int64_t lowest, int64_t highest);
CLI::Validator positive_number();  // finite, above 0
CLI::Validator non_negative_number();
CLI::Validator number_list();  // finite numbers with commas between them: "0.485,0.456,0.406"

// The numbers of a text that number_list() lets pass; none of an empty one.
std::vector<double> parse_number_list(const std::string& text);

}  // namespace octet::cli
