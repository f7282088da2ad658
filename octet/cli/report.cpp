#include "octet/cli/report.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"

namespace octet::cli {

namespace {

std::string text_of(const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return value.dump();
}

}  // namespace

void add_report_options(CLI::App& command, ReportOptions& options) {
  command.add_flag("--json", options.json, "Print the figures as JSON");
  command.add_option("--metrics", options.metrics, "Write the figures as JSON to this file");
}

void check_writable(const std::string& path, const std::string& option) {
  if (path.empty()) return;
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  OCTET_CHECK_FILE(std::filesystem::is_directory(folder), path, "{}: there is no folder {}", option,
                   folder.string());
  OCTET_CHECK_FILE(!std::filesystem::is_directory(path), path, "{}: this is a folder", option);
  OCTET_CHECK_FILE(access(folder.c_str(), W_OK) == 0, path, "{}: the folder {} is not writable",
                   option, folder.string());
}

void report(const nlohmann::ordered_json& figures, const ReportOptions& options,
            const nlohmann::ordered_json& details) {
  nlohmann::ordered_json all = figures;
  all.update(details);
  if (!options.metrics.empty()) write_file_atomically(options.metrics, all.dump(2) + "\n");
  if (options.json) {
    std::cout << all.dump(2) << std::endl;
    return;
  }
  size_t width = 0;
  for (const auto& [key, value] : figures.items()) width = std::max(width, key.size());
  for (const auto& [key, value] : figures.items()) {
    std::cout << fmt::format("{:{}}  {}\n", key, width, text_of(value));
  }
  std::cout << std::flush;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace octet::cli
