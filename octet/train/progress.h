// How far a loop is: a bar on a terminal, plain lines now and then elsewhere (a log file, CI).
//
//   Progress progress("train", {.total_steps = steps, .images_per_step = batch_size});
//   for (...) { ...; progress.step({{"loss", loss}, {"error", error, "%"}}); }
//
//   train [=========>          ] 450/938  loss 0.3512  error 12.3 %  1520 images/s  0:21 left
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace octet {

// A number to show, with its unit.
struct Figure {
  std::string name;
  double value = 0;
  std::string unit = {};
};

struct ProgressOptions {
  int64_t total_steps = 0;      // 0: not known, so neither bar nor time left
  int64_t images_per_step = 0;  // 0: no images/s
  double seconds_between_lines = 10;
  // Where to write: standard error, unless given.
  std::ostream* out = nullptr;
  // Whether to draw a bar: where standard error is a terminal, unless given. Nothing is ever
  // written where `quiet`.
  std::optional<bool> terminal = {};
  bool quiet = false;
  // Columns of the terminal; asked for, unless given.
  std::optional<int> columns = {};
  // Seconds from any beginning; a steady clock, unless given.
  std::function<double()> now = {};
};

class Progress {
 public:
  Progress(const std::string& title, const ProgressOptions& options);
  // Ends the line that is there.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // One more step is done. Figures show until the next call.
  void step(const std::vector<Figure>& figures = {});
  // Shows the last state and ends the line. What comes after may be written.
  void finish();

  void set_title(const std::string& title) { title_ = title; }

  // Steps done, counted from 0.
  int64_t steps() const { return steps_; }
  // Over the last ten seconds or so; 0 before the first step.
  double seconds_per_step() const { return seconds_per_step_; }

 private:
  std::string line() const;
  std::string bar() const;
  void draw();

  std::string title_;
  ProgressOptions options_;
  std::vector<Figure> figures_;
  int64_t steps_ = 0;
  double begin_ = 0;
  double last_step_ = 0;
  double last_drawn_ = 0;
  int64_t drawn_steps_ = 0;
  double seconds_per_step_ = 0;
  bool open_line_ = false;
  bool finished_ = false;
};

// "0:07", "12:34", "1:02:03".
std::string format_duration(double seconds);

}  // namespace octet
