// SPDX-License-Identifier: Apache-2.0
// Kills a process that saves one snapshot after the other, at random moments, and loads what it
// left: the last state whose save had returned or the one under way, never anything else.
// usage: kill_saves KILLS
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoa/adapt/snapshot.h"
#include "zoa/adapt/test_states.h"
#include "zoa/core/rng.h"
#include "zoa/core/test_folder.h"

namespace {

constexpr std::size_t kValues = 20'000;  // a state of 240 kB: writing it takes a while
constexpr double kLongestMs = 25;        // until the kill, from the child's start
constexpr std::size_t kMostFiles = 4;    // two snapshots and what one killed save leaves

// Shared with the child.
struct Progress {
  std::atomic<std::int64_t> begun{0};
  std::atomic<std::int64_t> ended{0};
};

[[noreturn]] void save_for_ever(const std::string& path, std::int64_t first, Progress& progress) {
  for (std::int64_t n = first;; ++n) {
    const zoa::MemoryState state = zoa::test::numbered_state(n, kValues);
    progress.begun.store(n);
    zoa::save_snapshot(path, state);
    progress.ended.store(n);
  }
}

struct Counts {
  int kills = 0;
  int during = 0;    ///< of a save
  int taken = 0;     ///< of these, the new state was found
  int previous = 0;  ///< loads of the previous one
};

// One child, killed. Throws for a state that nobody saved.
void kill_one(const std::string& path, double wait_ms, Progress& progress, Counts& counts) {
  const std::int64_t first = progress.begun.load() + 1;
  const pid_t child = ::fork();
  if (child < 0) {
    throw std::runtime_error("cannot fork");
  }
  if (child == 0) {
    try {
      save_for_ever(path, first, progress);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "save: %s\n", error.what());
    }
    ::_exit(1);
  }
  ::usleep(static_cast<useconds_t>(wait_ms * 1000));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) {
    throw std::runtime_error("the child ended by itself");
  }
  ++counts.kills;
  const std::int64_t begun = progress.begun.load();
  const std::int64_t ended = progress.ended.load();
  const bool during = begun >= first && begun > ended;
  counts.during += during ? 1 : 0;
  if (!zoa::has_snapshot(path)) {
    if (ended > 0) {
      throw std::runtime_error("no snapshot at all");
    }
    return;
  }
  const zoa::LoadedSnapshot loaded = zoa::load_snapshot(path, zoa::test::numbered_owner());
  const std::int64_t found = zoa::test::number_of(loaded.state, kValues);
  if (found != ended && found != begun) {
    throw std::runtime_error("state " + std::to_string(found) + ", last saved " +
                             std::to_string(ended) + ", under way " + std::to_string(begun));
  }
  counts.taken += during && found == begun ? 1 : 0;
  counts.previous += loaded.is_previous() ? 1 : 0;
  progress.ended.store(found);  // what the next child's file begins with
}

int run(int kills) {
  void* const shared =
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    std::fprintf(stderr, "cannot map memory\n");
    return 1;
  }
  auto& progress = *new (shared) Progress;
  const zoa::TestFolder folder;
  const std::string path = folder.file("s.state");
  const zoa::Rng rng(1, 0, 0);
  Counts counts;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kills; ++i) {
    kill_one(path, rng.uniform(static_cast<std::uint64_t>(i)) * kLongestMs, progress, counts);
    if (folder.count_files() > kMostFiles) {
      throw std::runtime_error("temporary files pile up");
    }
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::printf(
      "%d kills, %d during a save: %d times the new state was there, else the old one; "
      "%d from the previous file; %lld saves, %.1f s\n",
      counts.kills, counts.during, counts.taken, counts.previous,
      static_cast<long long>(progress.begun.load()), wall.count());
  // Kills that hit no save would show nothing.
  return counts.during * 4 >= counts.kills ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? std::atoi(argv[1]) : 100);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kill_saves: %s\n", error.what());
    return 1;
  }
}
