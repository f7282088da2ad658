#include "octet/cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace octet::cli {

void print_table(const Table& table, size_t first_number) {
  std::vector<size_t> widths(table.at(0).size(), 0);
  for (const auto& row : table) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : table) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += i < first_number ? fmt::format("{:<{}}", row[i], widths[i])
                               : fmt::format("{:>{}}", row[i], widths[i]);
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << '\n';
  }
  std::cout << '\n';
}

}  // namespace octet::cli
