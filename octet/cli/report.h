// What a subcommand found, for people and for programs.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace octet::cli {

struct ReportOptions {
  bool json = false;    // to standard output, in place of the table
  std::string metrics;  // a file for the same JSON; none where empty
};

// --json and --metrics.
void add_report_options(CLI::App& command, ReportOptions& options);

// Throws FileError unless a file can be made at `path`: called before long work, so that it is not
// lost at its end. `option` names the path in the error.
void check_writable(const std::string& path, const std::string& option);

// Writes one flat JSON object: to the file if one is wanted, and to standard output, as a table of
// its keys and values or as JSON. `details` (lists, say) only go into the JSON.
void report(const nlohmann::ordered_json& figures, const ReportOptions& options,
            const nlohmann::ordered_json& details = nlohmann::ordered_json::object());

// The most memory that the process has had so far, in MB (10^6 bytes).
double peak_mb();

}  // namespace octet::cli
