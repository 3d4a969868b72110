// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/error.h"

#include <gtest/gtest.h>

#include "zoa/core/log.h"

namespace zoa {
namespace {

TEST(Error, FailPutsThePartsTogether) {
  try {
    fail(ErrorCode::BadFile, "x.bin", ": header says ", 7, " bytes");
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "x.bin: header says 7 bytes");
    EXPECT_EQ(error.code(), ErrorCode::BadFile);
  }
}

TEST(Error, CodesHaveNamesAndExitStatuses) {
  EXPECT_STREQ(to_string(ErrorCode::StateMismatch), "state_mismatch");
  EXPECT_EQ(exit_status(ErrorCode::InvalidArgument), 2);
  EXPECT_EQ(exit_status(ErrorCode::BadFile), 3);
  EXPECT_EQ(exit_status(ErrorCode::LimitExceeded), 3);
  EXPECT_EQ(exit_status(ErrorCode::UnsupportedModel), 4);
  EXPECT_EQ(exit_status(ErrorCode::Io), 1);
}

TEST(Log, LevelsHaveNames) {
  EXPECT_STREQ(to_string(LogLevel::Warning), "warning");
}

}  // namespace
}  // namespace zoa
