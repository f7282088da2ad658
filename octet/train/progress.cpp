#include "octet/train/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

namespace octet {

namespace {

constexpr int kBarWidth = 20;
constexpr double kSecondsBetweenFrames = 0.1;
// Time over which the speed is averaged, so that it follows a change soon and does not flicker.
constexpr double kMemorySeconds = 10;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

std::string format_duration(double seconds) {
  const int64_t whole = std::llround(std::clamp(seconds, 0.0, 1e9));
  const int64_t minutes = whole / 60;
  if (minutes < 60) return fmt::format("{}:{:02}", minutes, whole % 60);
  return fmt::format("{}:{:02}:{:02}", minutes / 60, minutes % 60, whole % 60);
}

Progress::Progress(const std::string& title, const ProgressOptions& options)
    : title_(title), options_(options) {
  if (options_.out == nullptr) options_.out = &std::cerr;
  if (!options_.terminal) options_.terminal = isatty(STDERR_FILENO) == 1;
  if (!options_.now) options_.now = steady_seconds;
  begin_ = last_step_ = last_drawn_ = options_.now();
}

Progress::~Progress() {
  if (open_line_) *options_.out << std::endl;
}

void Progress::step(const std::vector<Figure>& figures) {
  const double now = options_.now();
  const double seconds = now - last_step_;
  // The first step counts in full; it is often slow, but there is nothing else to go by.
  const double weight = steps_ == 0 ? 1 : 1 - std::exp(-seconds / kMemorySeconds);
  const double floor = steps_ == 0 ? 0 : 1.0 / static_cast<double>(steps_ + 1);
  // While there are few steps a plain mean follows better than the exponential one.
  seconds_per_step_ += std::max(weight, floor) * (seconds - seconds_per_step_);
  last_step_ = now;
  ++steps_;
  figures_ = figures;
  const double pause = *options_.terminal ? kSecondsBetweenFrames : options_.seconds_between_lines;
  if (now - last_drawn_ >= pause) draw();
}

void Progress::finish() {
  if (finished_) return;
  if (steps_ > drawn_steps_) draw();
  if (open_line_) *options_.out << std::endl;
  open_line_ = false;
  finished_ = true;
}

std::string Progress::bar() const {
  const double part =
      std::min(1.0, static_cast<double>(steps_) / static_cast<double>(options_.total_steps));
  const int filled = static_cast<int>(part * kBarWidth);
  std::string inside(static_cast<size_t>(filled), '=');
  if (filled < kBarWidth) inside += '>';
  inside.resize(kBarWidth, ' ');
  return fmt::format("[{}]", inside);
}

std::string Progress::line() const {
  std::string text = title_;
  const bool bounded = options_.total_steps > 0;
  if (bounded && *options_.terminal) text.append(" ").append(bar());
  text +=
      bounded ? fmt::format(" {}/{}", steps_, options_.total_steps) : fmt::format(" {}", steps_);
  for (const Figure& figure : figures_) {
    text += fmt::format("  {} {:.4g}", figure.name, figure.value);
    if (!figure.unit.empty()) text += " " + figure.unit;
  }
  if (options_.images_per_step > 0 && seconds_per_step_ > 0) {
    text += fmt::format("  {:.0f} images/s",
                        static_cast<double>(options_.images_per_step) / seconds_per_step_);
  }
  if (bounded && steps_ < options_.total_steps) {
    const double left = static_cast<double>(options_.total_steps - steps_) * seconds_per_step_;
    text += "  " + format_duration(left) + " left";
  } else {
    text += "  " + format_duration(last_step_ - begin_);
  }
  return text;
}

void Progress::draw() {
  last_drawn_ = last_step_;
  drawn_steps_ = steps_;
  if (options_.quiet) return;
  std::string text = line();
  if (!*options_.terminal) {
    *options_.out << text << std::endl;
    return;
  }
  // A line that wraps could not be overwritten.
  const int columns = options_.columns.value_or(terminal_columns());
  text.resize(std::min(text.size(), static_cast<size_t>(std::max(1, columns - 1))));
  *options_.out << "\r\033[K" << text << std::flush;
  open_line_ = true;
}

}  // namespace octet
