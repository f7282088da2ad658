// Ctrl-C for trainings: the step that is running is finished, so that nothing is lost.
//
//   const StopSignals signals;
//   trainer.run([&] { return signals.received() != 0; });
#pragma once

#include <csignal>
#include <string_view>

namespace octet {

// While it lives, the first SIGINT or SIGTERM is noted rather than ending the process; the second
// one does. What was set for these signals before comes back at the end; one that is ignored stays
// ignored. One object at a time, or InternalError.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The signal that came; 0 for none.
  int received() const;
  // "SIGINT" or "SIGTERM"; empty for none.
  std::string_view name() const;

 private:
  struct sigaction interrupt_ {};
  struct sigaction terminate_ {};
};

}  // namespace octet
