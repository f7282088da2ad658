#include "octet/cli/profile_report.h"

#include <fmt/format.h>

#include "octet/cli/table.h"
#include "octet/formats/file_io.h"

namespace octet::cli {

namespace {

constexpr double kMilli = 1e3, kMicro = 1e6, kMega = 1e6, kGiga = 1e9;

double seconds_of(const plan::StepProfile& row) {
  return row.forward_seconds + row.backward_seconds;
}

nlohmann::ordered_json trace_event(const plan::StepProfile& row, const char* phase, double begin,
                                   double seconds) {
  return {
      {"name", row.layer},       {"cat", phase}, {"ph", "X"}, {"ts", begin * kMicro},
      {"dur", seconds * kMicro}, {"pid", 1},     {"tid", 1},  {"args", {{"kernel", row.kernel}}}};
}

}  // namespace

std::vector<plan::StepProfile> mean_profile(std::vector<plan::StepProfile> profile, int64_t steps) {
  for (plan::StepProfile& row : profile) {
    row.forward_seconds /= static_cast<double>(steps);
    row.backward_seconds /= static_cast<double>(steps);
    row.primitive_seconds /= static_cast<double>(steps);
  }
  return profile;
}

void print_profile(const std::vector<plan::StepProfile>& profile) {
  Table table{{"layer", "kernel", "forward ms", "backward ms", "primitives %", "GMAC", "MB"}};
  plan::StepProfile total;
  const auto add_row = [&](const plan::StepProfile& row) {
    const double seconds = seconds_of(row);
    table.push_back({row.layer, row.kernel, fmt::format("{:.3f}", row.forward_seconds * kMilli),
                     fmt::format("{:.3f}", row.backward_seconds * kMilli),
                     fmt::format("{:.0f}", seconds > 0 ? 100 * row.primitive_seconds / seconds : 0),
                     fmt::format("{:.3f}", static_cast<double>(row.multiply_accumulates) / kGiga),
                     fmt::format("{:.2f}", static_cast<double>(row.bytes) / kMega)});
  };
  for (const plan::StepProfile& row : profile) {
    add_row(row);
    total.forward_seconds += row.forward_seconds;
    total.backward_seconds += row.backward_seconds;
    total.primitive_seconds += row.primitive_seconds;
    total.multiply_accumulates += row.multiply_accumulates;
    total.bytes += row.bytes;
  }
  total.layer = "all";
  add_row(total);
  print_table(table, 2);
}

nlohmann::ordered_json profile_json(const std::vector<plan::StepProfile>& profile) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const plan::StepProfile& row : profile) {
    layers.push_back({{"layer", row.layer},
                      {"kernel", row.kernel},
                      {"forward_seconds", row.forward_seconds},
                      {"backward_seconds", row.backward_seconds},
                      {"primitive_seconds", row.primitive_seconds},
                      {"multiply_accumulates", row.multiply_accumulates},
                      {"bytes", row.bytes}});
  }
  return layers;
}

double primitive_seconds(const std::vector<plan::StepProfile>& profile) {
  double seconds = 0;
  for (const plan::StepProfile& row : profile) seconds += row.primitive_seconds;
  return seconds;
}

void write_trace(const std::string& path, const std::vector<plan::StepProfile>& profile) {
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  double now = 0;
  for (const plan::StepProfile& row : profile) {
    events.push_back(trace_event(row, "forward", now, row.forward_seconds));
    now += row.forward_seconds;
  }
  for (auto row = profile.rbegin(); row != profile.rend(); ++row) {
    if (row->backward_seconds == 0) continue;
    events.push_back(trace_event(*row, "backward", now, row->backward_seconds));
    now += row->backward_seconds;
  }
  const nlohmann::ordered_json trace{{"traceEvents", events}, {"displayTimeUnit", "ms"}};
  write_file_atomically(path, trace.dump(1));
}

}  // namespace octet::cli
