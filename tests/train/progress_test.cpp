#include "octet/train/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace octet {
namespace {

// A clock that stands until it is moved.
struct Clock {
  double seconds = 0;
  std::function<double()> reader() {
    return [this] { return seconds; };
  }
};

TEST(Progress, WritesPlainLinesNowAndThen) {
  std::ostringstream out;
  Clock clock;
  Progress progress("train", {.total_steps = 100,
                              .images_per_step = 32,
                              .seconds_between_lines = 10,
                              .out = &out,
                              .terminal = false,
                              .now = clock.reader()});
  for (int i = 0; i < 25; ++i) {
    clock.seconds += 1;
    progress.step({{"loss", 0.25}, {"error", 12.5, "%"}});
  }
  EXPECT_EQ(out.str(),
            "train 10/100  loss 0.25  error 12.5 %  32 images/s  1:30 left\n"
            "train 20/100  loss 0.25  error 12.5 %  32 images/s  1:20 left\n");
}

TEST(Progress, FinishWritesTheLastStateOnce) {
  std::ostringstream out;
  Clock clock;
  {
    Progress progress("eval",
                      {.total_steps = 2, .out = &out, .terminal = false, .now = clock.reader()});
    clock.seconds = 1;
    progress.step();
    clock.seconds = 3;
    progress.step({{"error", 50, "%"}});
    progress.finish();
    progress.finish();
  }
  EXPECT_EQ(out.str(), "eval 2/2  error 50 %  0:03\n");
}

TEST(Progress, FinishDoesNotRepeatALine) {
  std::ostringstream out;
  Clock clock;
  Progress progress("eval",
                    {.total_steps = 1, .out = &out, .terminal = false, .now = clock.reader()});
  clock.seconds = 20;
  progress.step();
  progress.finish();
  EXPECT_EQ(out.str(), "eval 1/1  0:20\n");
}

TEST(Progress, DrawsABarOverItselfOnATerminal) {
  std::ostringstream out;
  Clock clock;
  {
    Progress progress(
        "train",
        {.total_steps = 4, .out = &out, .terminal = true, .columns = 80, .now = clock.reader()});
    clock.seconds = 2;
    progress.step();
    clock.seconds = 2.01;  // too soon for a new frame
    progress.step();
    clock.seconds = 4;
    progress.step();
  }
  EXPECT_EQ(out.str(),
            "\r\033[Ktrain [=====>              ] 1/4  0:06 left"
            "\r\033[Ktrain [===============>    ] 3/4  0:01 left\n");
}

TEST(Progress, NeverFillsTheTerminalsLastColumn) {
  std::ostringstream out;
  Clock clock;
  Progress progress(
      "train",
      {.total_steps = 4, .out = &out, .terminal = true, .columns = 20, .now = clock.reader()});
  clock.seconds = 1;
  progress.step();
  EXPECT_EQ(out.str(), "\r\033[Ktrain [=====>      ");
}

TEST(Progress, WithoutATotalHasNoTimeLeft) {
  std::ostringstream out;
  Clock clock;
  Progress progress("read", {.images_per_step = 8,
                             .seconds_between_lines = 1,
                             .out = &out,
                             .terminal = false,
                             .now = clock.reader()});
  clock.seconds = 2;
  progress.step();
  EXPECT_EQ(out.str(), "read 1  4 images/s  0:02\n");
}

TEST(Progress, QuietWritesNothing) {
  std::ostringstream out;
  {
    Progress progress("train", {.total_steps = 1, .out = &out, .terminal = true, .quiet = true});
    progress.step();
    progress.finish();
  }
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, FollowsAChangeOfSpeed) {
  std::ostringstream out;
  Clock clock;
  Progress progress("train",
                    {.total_steps = 1000, .out = &out, .terminal = false, .now = clock.reader()});
  for (int i = 0; i < 100; ++i) {
    clock.seconds += 0.1;
    progress.step();
  }
  EXPECT_NEAR(progress.seconds_per_step(), 0.1, 1e-9);
  for (int i = 0; i < 60; ++i) {
    clock.seconds += 1;
    progress.step();
  }
  EXPECT_NEAR(progress.seconds_per_step(), 1, 0.01);
}

TEST(FormatDuration, Samples) {
  EXPECT_EQ(format_duration(7.4), "0:07");
  EXPECT_EQ(format_duration(754), "12:34");
  EXPECT_EQ(format_duration(3723), "1:02:03");
  EXPECT_EQ(format_duration(-1), "0:00");
}

}  // namespace
}  // namespace octet
