#include "octet/train/stop_signals.h"

#include <gtest/gtest.h>

#include <csignal>

#include "octet/base/error.h"

namespace octet {
namespace {

TEST(StopSignals, NotesTheFirst) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const StopSignals signals;
    EXPECT_EQ(signals.received(), 0);
    EXPECT_EQ(signals.name(), "");
    std::raise(signal);
    EXPECT_EQ(signals.received(), signal);
    EXPECT_EQ(signals.name(), signal == SIGINT ? "SIGINT" : "SIGTERM");
  }
}

int handled = 0;
void count(int) {
  ++handled;
}

TEST(StopSignals, GivesBackWhatWasSet) {
  const auto before = std::signal(SIGINT, count);
  {
    const StopSignals signals;
    std::raise(SIGINT);
    EXPECT_EQ(handled, 0);
  }
  std::raise(SIGINT);
  EXPECT_EQ(handled, 1);
  std::signal(SIGINT, before);
}

// What a shell does for a process in the background.
TEST(StopSignals, LeavesAnIgnoredSignalIgnored) {
  const auto before = std::signal(SIGINT, SIG_IGN);
  {
    const StopSignals signals;
    std::raise(SIGINT);
    EXPECT_EQ(signals.received(), 0);
    std::raise(SIGTERM);
    EXPECT_EQ(signals.received(), SIGTERM);
    std::raise(SIGINT);
  }
  std::signal(SIGINT, before);
}

TEST(StopSignalsDeathTest, TheSecondEndsTheProcess) {
  const auto twice = [](int first, int second) {
    const StopSignals signals;
    std::raise(first);
    std::raise(second);
  };
  EXPECT_EXIT(twice(SIGINT, SIGINT), ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(twice(SIGTERM, SIGINT), ::testing::KilledBySignal(SIGINT), "");
}

TEST(StopSignals, OneAtATime) {
  const StopSignals signals;
  EXPECT_THROW(StopSignals(), InternalError);
}

}  // namespace
}  // namespace octet
