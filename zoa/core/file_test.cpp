// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/file.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoa/core/error.h"
#include "zoa/core/parallel.h"
#include "zoa/core/test_file_calls.h"
#include "zoa/core/test_folder.h"

namespace zoa {
namespace {

std::string text_of(const std::string& path) {
  const Bytes bytes = read_file(path, 1 << 20);
  return {bytes.begin(), bytes.end()};
}

ErrorCode read_error(const std::string& path, std::size_t limit) {
  try {
    read_file(path, limit);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::Internal;
}

TEST(File, WritesAndReplaces) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  write_file_atomic(path, "one");
  EXPECT_EQ(text_of(path), "one");
  write_file_atomic(path, "");
  EXPECT_EQ(text_of(path), "");
  write_file_atomic(path, std::string(3'000'000, 'x'));
  EXPECT_EQ(read_file(path, 3'000'000).size(), 3'000'000U);
  EXPECT_EQ(folder.count_files(), 1U);
}

TEST(File, KeepsThePermissionsOfTheOldFile) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  write_file_atomic(path, "one");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  write_file_atomic(path, "two");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST(File, ReadsUnderALimit) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  write_file_atomic(path, "12345");
  EXPECT_EQ(read_file(path, 5).size(), 5U);
  EXPECT_EQ(read_error(path, 4), ErrorCode::LimitExceeded);
  EXPECT_EQ(read_error("/dev/zero", 1000), ErrorCode::LimitExceeded);  // tells size 0
  EXPECT_EQ(read_error(folder.file("none"), 4), ErrorCode::Io);
  EXPECT_EQ(read_error(folder.path(), 4), ErrorCode::Io);
}

TEST(File, MissingFolderIsAnIoErrorWithPathAndReason) {
  const TestFolder folder;
  const std::string path = folder.file("none/f");
  try {
    write_file_atomic(path, "one");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Io);
    EXPECT_EQ(std::string(error.what()), "cannot write " + path + ": No such file or directory");
  }
}

void write_with(test::FaultyCalls& calls, const std::string& path, const std::string& text) {
  detail::write_file_atomic(path, Bytes(text.begin(), text.end()), calls);
}

TEST(File, AnyFailingCallLeavesOldOrNewAndNoRubbish) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  write_file_atomic(path, "old");
  test::FaultyCalls counting(test::Faults{});
  write_with(counting, path, "newer");
  ASSERT_EQ(text_of(path), "newer");
  int failures = 0;
  for (int at = 0; at < counting.calls(); ++at) {
    for (const int error : {ENOSPC, EIO}) {
      write_file_atomic(path, "old");
      test::FaultyCalls calls({at, error});
      try {
        write_with(calls, path, "newer");
      } catch (const Error& found) {
        EXPECT_EQ(found.code(), ErrorCode::Io);
        ++failures;
      }
      const std::string text = text_of(path);
      EXPECT_TRUE(text == "old" || text == "newer") << text;
      EXPECT_EQ(folder.count_files(), 1U) << "call " << at;
    }
  }
  EXPECT_GE(failures, 2 * (counting.calls() - 1));  // closing the folder may fail unseen
}

TEST(File, InterruptedWritesGoOn) {
  const TestFolder folder;
  test::FaultyCalls calls({2, EINTR});  // open, write, then this write
  write_with(calls, folder.file("f"), "newer");
  EXPECT_EQ(text_of(folder.file("f")), "newer");
}

TEST(File, ReadFailuresAreIoErrors) {
  const TestFolder folder;
  write_file_atomic(folder.file("f"), "12345");
  for (const char* call : {"open", "fstat", "read"}) {
    test::Faults faults{0, EIO};
    faults.only = call;
    test::FaultyCalls calls(faults);
    EXPECT_THROW(detail::read_whole_file(folder.file("f"), 5, calls), Error) << call;
  }
}

TEST(File, AHookThatThrowsKeepsTheOldFile) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  write_file_atomic(path, "old");
  detail::FileCalls calls;
  const Bytes bytes{'n', 'e', 'w'};
  const auto refuse = [&] {
    EXPECT_EQ(text_of(path), "old");
    EXPECT_EQ(folder.count_files(), 2U);  // the new content is there already
    fail(ErrorCode::Io, "no");
  };
  EXPECT_THROW(detail::write_file_atomic(path, bytes, calls, refuse), Error);
  EXPECT_EQ(text_of(path), "old");
  EXPECT_EQ(folder.count_files(), 1U);
}

// A rename would put a file in the place of the pipe, or of /dev/null.
TEST(File, PipesAndDevicesAreWrittenToAndStay) {
  const TestFolder folder;
  const std::string pipe = folder.file("pipe");
  const std::string link = folder.file("link");
  ASSERT_EQ(0, ::mkfifo(pipe.c_str(), 0600));
  std::filesystem::create_symlink(pipe, link);
  for (const std::string& path : {pipe, link}) {
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    ASSERT_GE(reader, 0);
    write_file_atomic(path, "abc");
    std::array<char, 8> read{};
    EXPECT_EQ(3, ::read(reader, read.data(), read.size()));
    EXPECT_STREQ("abc", read.data());
    ::close(reader);
    EXPECT_TRUE(std::filesystem::is_fifo(path));
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST(File, ThreadsThatWriteOneFileLeaveAWholeOne) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  run_parallel(64, 4, [&](std::size_t i) {
    write_file_atomic(path, std::string(10'000, static_cast<char>('a' + i % 26)));
    detail::remove_stale_temporaries(path);  // those of the others are in use
  });
  const std::string text = text_of(path);
  EXPECT_EQ(text, std::string(10'000, text[0]));
  EXPECT_EQ(folder.count_files(), 1U);
}

TEST(File, TemporaryFilesOfDeadProcessesAreRemoved) {
  const pid_t dead = ::fork();
  ASSERT_GE(dead, 0);
  if (dead == 0) {
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const TestFolder folder;
  const std::string path = folder.file("f");
  const std::string own = std::to_string(::getpid());
  const std::vector<std::string> stale = {".tmp-" + std::to_string(dead) + "-0",
                                          ".tmp-" + own + "-4000000000"};
  const std::vector<std::string> kept = {
      "",         ".tmp-1-0",  ".tmp-" + own, ".tmp-x-0",
      ".tmp-0-0", ".tmp--5-0", ".tmp-5-0.x",  ".tmp-" + own + "-4000000000000"};
  for (const auto& names : {stale, kept}) {
    for (const std::string& name : names) {
      write_file_atomic(path + name, "x");
    }
  }
  const std::string in_use = detail::temporary_name(path);
  write_file_atomic(in_use, "x");
  detail::remove_stale_temporaries(path);
  EXPECT_EQ(folder.count_files(), kept.size() + 1);
  for (const std::string& name : kept) {
    EXPECT_TRUE(std::filesystem::exists(path + name)) << name;
  }
  EXPECT_TRUE(std::filesystem::exists(in_use));
}

}  // namespace
}  // namespace zoa
