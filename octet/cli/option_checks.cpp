#include "octet/cli/option_checks.h"

#include <string>

#include "octet/base/error.h"

namespace octet::cli {

void refuse_options(const CLI::App& command, const std::vector<std::string_view>& names,
                    std::string_view why) {
  for (const std::string_view name : names) {
    OCTET_CHECK(command.count(std::string(name)) == 0, name, "{}", why);
  }
}

}  // namespace octet::cli
