// SPDX-License-Identifier: Apache-2.0
// Killed processes: tests/adapt/kill_saves.cpp.
#include "zoa/adapt/snapshot.h"

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/adapt/test_states.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/core/rng.h"
#include "zoa/core/test_error.h"
#include "zoa/core/test_file_calls.h"
#include "zoa/core/test_folder.h"

namespace zoa {
namespace {

using test::number_of;
using test::numbered_owner;
using test::numbered_state;

constexpr int kCases = 10'000;

Bytes damaged() {
  Bytes bytes = numbered_state(9).to_bytes();
  bytes.back() ^= 1U;
  return bytes;
}

struct Place {
  TestFolder folder;
  std::string path = folder.file("s.state");
  std::string previous = path + ".previous";
};

std::int64_t number_at(const std::string& path) {
  return number_of(load_state_file(path));
}

TEST(Snapshot, KeepsThePreviousOne) {
  const Place at;
  EXPECT_FALSE(has_snapshot(at.path));
  save_snapshot(at.path, numbered_state(1));
  EXPECT_TRUE(has_snapshot(at.path));
  EXPECT_FALSE(std::filesystem::exists(at.previous));
  for (std::int64_t n = 2; n < 6; ++n) {
    save_snapshot(at.path, numbered_state(n));
    EXPECT_EQ(number_at(at.path), n);
    EXPECT_EQ(number_at(at.previous), n - 1);
    EXPECT_EQ(at.folder.count_files(), 2U);
  }
  const LoadedSnapshot loaded = load_snapshot(at.path, numbered_owner());
  EXPECT_EQ(number_of(loaded.state), 5);
  EXPECT_FALSE(loaded.is_previous());
}

TEST(Snapshot, ADamagedOneIsNotKept) {
  const Place at;
  save_snapshot(at.path, numbered_state(1));
  save_snapshot(at.path, numbered_state(2));
  write_file_atomic(at.path, damaged());
  save_snapshot(at.path, numbered_state(3));
  EXPECT_EQ(number_at(at.path), 3);
  EXPECT_EQ(number_at(at.previous), 1);
}

// A crash after the old one got its second name leaves one file with two names.
TEST(Snapshot, TwoNamesOfOneFileAreNoTrouble) {
  const Place at;
  save_snapshot(at.path, numbered_state(1));
  std::filesystem::create_hard_link(at.path, at.previous);
  save_snapshot(at.path, numbered_state(2));
  EXPECT_EQ(number_at(at.path), 2);
  EXPECT_EQ(number_at(at.previous), 1);
  EXPECT_EQ(at.folder.count_files(), 2U);
}

TEST(Snapshot, FileSystemsWithoutSecondNamesWorkToo) {
  for (const int error : {EPERM, EOPNOTSUPP, ENOSYS, EMLINK}) {
    const Place at;
    save_snapshot(at.path, numbered_state(1));
    test::Faults faults{0, error};
    faults.only = "link";
    test::FaultyCalls calls(faults);
    detail::save_snapshot(at.path, numbered_state(2), calls);
    EXPECT_EQ(calls.calls(), 1);
    EXPECT_EQ(number_at(at.path), 2);
    EXPECT_EQ(number_at(at.previous), 1);
  }
}

TEST(Snapshot, FallsBackToThePreviousOneAndSaysSo) {
  const Place at;
  save_snapshot(at.path, numbered_state(1));
  save_snapshot(at.path, numbered_state(2));
  write_file_atomic(at.path, damaged());
  LoadedSnapshot loaded = load_snapshot(at.path, numbered_owner());
  EXPECT_TRUE(loaded.is_previous());
  EXPECT_EQ(number_of(loaded.state), 1);
  EXPECT_NE(loaded.note.find(at.path + ":"), std::string::npos) << loaded.note;
  EXPECT_NE(loaded.note.find("snapshot " + at.previous + " is used"), std::string::npos);
  std::filesystem::remove(at.path);
  loaded = load_snapshot(at.path);
  EXPECT_EQ(number_of(loaded.state), 1);
  EXPECT_NE(loaded.note.find("No such file"), std::string::npos) << loaded.note;
}

TEST(Snapshot, NothingToLoadIsAnErrorOfTheFirstFile) {
  const Place at;
  auto [code, text] = test::error_of([&] { load_snapshot(at.path); });
  EXPECT_EQ(code, ErrorCode::Io);
  EXPECT_EQ(text, "cannot read " + at.path +
                      ": No such file or directory; there is no previous "
                      "snapshot " +
                      at.previous);
  write_file_atomic(at.path, damaged());
  write_file_atomic(at.previous, "");
  std::tie(code, text) = test::error_of([&] { load_snapshot(at.path); });
  EXPECT_EQ(code, ErrorCode::BadFile);
  EXPECT_NE(text.find("nor can the previous snapshot be used: " + at.previous), std::string::npos)
      << text;
}

TEST(Snapshot, AnotherOwnersStateIsRefusedWithoutALookAtThePreviousOne) {
  const Place at;
  save_snapshot(at.path, numbered_state(1));
  MemoryState other = numbered_state(2);
  set_owner(other, {"t3a", "net", numbered_owner().model_hash});
  save_snapshot(at.path, other);
  auto [code, text] = test::error_of([&] { load_snapshot(at.path, numbered_owner()); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_EQ(text, at.path + ": is of method 't3a', expected 'zoa'");
  // Nor is a previous one of another owner what a damaged file falls back to.
  save_snapshot(at.path, numbered_state(3));
  write_file_atomic(at.path, damaged());
  std::tie(code, text) = test::error_of([&] { load_snapshot(at.path, numbered_owner()); });
  EXPECT_EQ(code, ErrorCode::BadFile);
  EXPECT_NE(text.find("is of method 't3a'"), std::string::npos) << text;
}

TEST(Snapshot, ANewerSchemaIsRefusedAndKept) {
  const Place at;
  Safetensors content;
  content.metadata["format"] = "zoa-state-2";
  content.metadata["checksum"] = hash128(write_safetensors(content));
  write_file_atomic(at.path, write_safetensors(content));
  save_snapshot(at.previous, numbered_state(1));
  auto [code, text] = test::error_of([&] { load_snapshot(at.path); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_NE(text.find("zoa-state-2"), std::string::npos) << text;
  save_snapshot(at.path, numbered_state(2));
  EXPECT_EQ(read_file(at.previous, 1 << 20), write_safetensors(content));
}

struct Start {
  const char* name;
  std::int64_t old;  ///< what loads before the save; 0 = nothing
  std::function<void(const Place&)> make;
};

// Without syncs: these tests are many thousand saves.
void put(const std::string& path, const Bytes& bytes) {
  test::Faults faults;
  faults.syncs = false;
  test::FaultyCalls calls(faults);
  detail::write_file_atomic(path, bytes, calls);
}

std::vector<Start> starts() {
  const auto two = [](const Place& at) {
    put(at.previous, numbered_state(1).to_bytes());
    put(at.path, numbered_state(2).to_bytes());
  };
  return {
      {"nothing", 0, [](const Place&) {}},
      {"one", 2, [](const Place& at) { put(at.path, numbered_state(2).to_bytes()); }},
      {"two", 2, two},
      {"damaged", 1,
       [two](const Place& at) {
         two(at);
         put(at.path, damaged());
       }},
      {"missing", 1,
       [two](const Place& at) {
         two(at);
         std::filesystem::remove(at.path);
       }},
      {"two names", 2,
       [](const Place& at) {
         put(at.path, numbered_state(2).to_bytes());
         std::filesystem::create_hard_link(at.path, at.previous);
       }},
  };
}

// One save in which a call fails; how many calls it came to.
int save_with_fault(const Start& start, const test::Faults& faults) {
  const std::string name = std::string(start.name) + ", call " + std::to_string(faults.at) +
                           ", error " + std::to_string(faults.error) +
                           (faults.lasting ? ", lasting" : "");
  const Place at;
  start.make(at);
  test::FaultyCalls calls(faults);
  bool saved = true;
  try {
    detail::save_snapshot(at.path, numbered_state(3), calls);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Io) << name;
    saved = false;
  }
  std::int64_t found = 0;
  if (has_snapshot(at.path)) {
    found = number_of(load_snapshot(at.path, numbered_owner()).state);
  }
  EXPECT_TRUE(found == 3 || (found == start.old && !saved)) << name << ": " << found;
  // The next save needs no help.
  test::Faults none;
  none.syncs = false;
  test::FaultyCalls sound(none);
  detail::save_snapshot(at.path, numbered_state(4), sound);
  EXPECT_EQ(number_at(at.path), 4) << name;
  return calls.calls();
}

TEST(Snapshot, AnyFailingCallLeavesTheOldStateOrTheNew) {
  int failures = 0;
  for (const Start& start : starts()) {
    for (const int error : {ENOSPC, EIO, EPERM}) {
      for (const bool lasting : {false, true}) {
        test::Faults faults{0, error, lasting, 300, false};
        while (save_with_fault(start, faults) > faults.at) {
          ++faults.at;
          ++failures;
        }
        // Temporary file, its writes, sync, close, rename, folder: a save is no fewer calls.
        EXPECT_GE(faults.at, 10) << start.name;
      }
    }
  }
  EXPECT_GE(failures, 300);
  RecordProperty("failures", failures);
}

TEST(Snapshot, EveryCallOfASaveCanFail) {
  for (const char* call :
       {"open", "fstat", "read", "write", "fchmod", "fsync", "close", "rename", "link", "unlink"}) {
    test::Faults faults{0, EIO, false, 300, false};
    faults.only = call;
    EXPECT_GT(save_with_fault(starts()[2], faults), 0) << call;
  }
}

TEST(Snapshot, TenThousandBitFlipsAreAllFound) {
  const Bytes good = numbered_state(7).to_bytes();
  const Rng rng(7, 0, 1);
  for (int i = 0; i < kCases; ++i) {
    Bytes bytes = good;
    const std::uint64_t bit = rng.bits(static_cast<std::uint64_t>(i)) % (bytes.size() * 8);
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_THROW(MemoryState::from_bytes(bytes, "f"), Error) << "bit " << bit;
  }
}

// Header only: every bit, as a flip there can turn a name or a number into a valid other one.
TEST(Snapshot, EveryBitFlipOfTheHeaderIsFound) {
  const Bytes good = numbered_state(7).to_bytes();
  const std::size_t header = 8 + (good[0] | std::size_t{good[1]} << 8U);
  ASSERT_LT(header, good.size());
  for (std::size_t bit = 0; bit < header * 8; ++bit) {
    Bytes bytes = good;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_THROW(MemoryState::from_bytes(bytes, "f"), Error) << "bit " << bit;
  }
}

// Of states of many sizes, or the same lengths would come again and again.
TEST(Snapshot, TenThousandTruncationsAreAllFound) {
  const Rng rng(7, 0, 2);
  for (int i = 0; i < kCases; ++i) {
    const auto size = static_cast<std::size_t>(i % 100);
    Bytes bytes = numbered_state(i, size).to_bytes();
    bytes.resize(rng.bits(static_cast<std::uint64_t>(i)) % bytes.size());
    EXPECT_THROW(MemoryState::from_bytes(bytes, "f"), Error) << i;
  }
}

TEST(Snapshot, FlippedFilesFallBack) {
  const Place at;
  save_snapshot(at.path, numbered_state(1));
  const Bytes good = numbered_state(2).to_bytes();
  const Rng rng(7, 0, 3);
  for (std::uint64_t i = 0; i < 50; ++i) {
    std::filesystem::remove(at.path);
    write_file_atomic(at.previous, numbered_state(1).to_bytes());
    Bytes bytes = good;
    bytes[rng.bits(i) % bytes.size()] ^= 1U;
    write_file_atomic(at.path, bytes);
    EXPECT_EQ(number_of(load_snapshot(at.path, numbered_owner()).state), 1);
  }
}

}  // namespace
}  // namespace zoa
