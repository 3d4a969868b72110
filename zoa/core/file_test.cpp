// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/file.h"

#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "zoa/core/error.h"
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

// Fails call number `at` (open, write, fchmod, fsync, rename, close all count) with an error.
class FaultyCalls : public detail::FileCalls {
 public:
  FaultyCalls(int at, int error) : at_(at), error_(error) {}
  int open(const std::string& path, int flags, mode_t mode) override {
    return faulty() ? -1 : FileCalls::open(path, flags, mode);
  }
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    // Short writes are the rule here.
    return faulty() ? -1 : FileCalls::write(file, bytes, count > 2 ? 2 : count);
  }
  int fchmod(int file, mode_t mode) override {
    return faulty() ? -1 : FileCalls::fchmod(file, mode);
  }
  int fsync(int file) override { return faulty() ? -1 : FileCalls::fsync(file); }
  int close(int file) override {
    const int result = FileCalls::close(file);
    return faulty() ? -1 : result;
  }
  int rename(const std::string& from, const std::string& to) override {
    return faulty() ? -1 : FileCalls::rename(from, to);
  }
  int calls() const { return calls_; }

 private:
  bool faulty() {
    if (calls_++ != at_) {
      return false;
    }
    errno = error_;
    return true;
  }
  int at_;
  int error_;
  int calls_ = 0;
};

void write_with(FaultyCalls& calls, const std::string& path, const std::string& text) {
  detail::write_file_atomic(path, Bytes(text.begin(), text.end()), calls);
}

TEST(File, AnyFailingCallLeavesOldOrNewAndNoRubbish) {
  const TestFolder folder;
  const std::string path = folder.file("f");
  write_file_atomic(path, "old");
  FaultyCalls counting(-1, 0);
  write_with(counting, path, "newer");
  ASSERT_EQ(text_of(path), "newer");
  int failures = 0;
  for (int at = 0; at < counting.calls(); ++at) {
    for (const int error : {ENOSPC, EIO}) {
      write_file_atomic(path, "old");
      FaultyCalls calls(at, error);
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
  FaultyCalls calls(2, EINTR);  // open, write, then this write
  write_with(calls, folder.file("f"), "newer");
  EXPECT_EQ(text_of(folder.file("f")), "newer");
}

}  // namespace
}  // namespace zoa
