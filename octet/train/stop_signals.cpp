#include "octet/train/stop_signals.h"

#include <atomic>

#include "octet/base/error.h"

namespace octet {

namespace {

// A handler has no arguments of ours, so what it writes is global.
std::atomic<int> received_signal = 0;
std::atomic<bool> in_use = false;
static_assert(std::atomic<int>::is_always_lock_free);

// Calls what POSIX allows in a handler, nothing else.
void note(int signal) {
  received_signal = signal;
  for (const int other : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    sigaction(other, nullptr, &action);
    if (action.sa_handler == note) std::signal(other, SIG_DFL);
  }
}

void install(int signal, struct sigaction& before) {
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(signal, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
  OCTET_INTERNAL_CHECK(!in_use.exchange(true));
  received_signal = 0;
  install(SIGINT, interrupt_);
  install(SIGTERM, terminate_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGTERM, &terminate_, nullptr);
  in_use = false;
}

int StopSignals::received() const {
  return received_signal;
}

std::string_view StopSignals::name() const {
  if (received() == 0) return "";
  return received() == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace octet
