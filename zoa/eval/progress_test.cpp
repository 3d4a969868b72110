// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/progress.h"

#include <sstream>

#include <gtest/gtest.h>

namespace zoa {
namespace {

TEST(ProgressText, RateAndTimeLeft) {
  EXPECT_EQ(progress_text("fog", 50, 200, 10, 0), "fog  50/200  25%  5.0/s  30 s left");
  EXPECT_EQ(progress_text("fog", 200, 200, 10, 0), "fog  200/200 100%");
  EXPECT_EQ(progress_text("fog", 0, 200, 0, 0), "fog  0/200   0%");
}

TEST(ProgressText, BarFitsTheTerminal) {
  for (const int columns : {10, 40, 60, 80, 200}) {
    const std::string line = progress_text("a label", 50, 200, 10, columns);
    if (line.find('[') != std::string::npos) {
      EXPECT_LT(line.size(), static_cast<std::size_t>(columns));
    }
  }
  EXPECT_NE(progress_text("fog", 1, 2, 1, 80).find("[====="), std::string::npos);
}

TEST(DurationText, Units) {
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(7500), "2 h 05 min");
}

TEST(Progress, QuietSaysNothing) {
  std::ostringstream out;
  Progress progress(out, {.quiet = true});
  progress.show("a", 1, 2);
  progress.print("line");
  progress.finish();
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, ABarIsRemovedBeforeALine) {
  std::ostringstream out;
  Progress progress(out, {.terminal = true});
  progress.show("a", 0, 2);
  progress.print("line");
  EXPECT_NE(out.str().find("\r\x1b[Kline\n"), std::string::npos);
}

TEST(Progress, PlainLinesComeByTime) {
  std::ostringstream out;
  Progress progress(out, {.seconds = 1000});
  progress.show("a", 0, 2);
  progress.show("a", 1, 2);
  progress.finish();
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace zoa
