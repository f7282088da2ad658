// Text tables on standard output.
#pragma once

#include <string>
#include <vector>

namespace octet::cli {

// Rows of equal length; the first holds the titles.
using Table = std::vector<std::vector<std::string>>;

// Columns as wide as their widest cell, two spaces between them; an empty line behind the table.
// Columns from `first_number` on are aligned to the right.
void print_table(const Table& table, size_t first_number = static_cast<size_t>(-1));

}  // namespace octet::cli
