// SPDX-License-Identifier: Apache-2.0
// Data sets that load, list or unpack at the first question, asked by several threads at once:
// what one thread sees is what all see. ThreadSanitizer watches this one.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/parallel.h"
#include "zoa/data/dataset.h"
#include "zoa/data/test_files.h"

namespace zoa {
namespace {

using test::png_of;

constexpr std::size_t kThreads = 4;
constexpr std::size_t kAsked = 400;

struct Answer {
  std::size_t domain = 0;
  std::size_t index = 0;
  int label = 0;
  int level = 0;
  std::string name;
  bool operator==(const Answer&) const = default;
};

// From one domain to the next with every question.
Answer ask(const Dataset& data, std::size_t question) {
  Answer answer;
  answer.domain = question % data.domains().size();
  answer.index = question / data.domains().size() % data.size(answer.domain);
  answer.label = data.label(answer.domain, answer.index);
  answer.level = data.image(answer.domain, answer.index).rgb[0];
  answer.name = data.name(answer.domain, answer.index);
  return answer;
}

class ManyReaders : public test::DataTest {
 protected:
  // open() gives a set of which nothing was asked yet.
  template <class Open>
  static void check(const Open& open) {
    const auto alone = open();
    const auto shared = open();
    std::vector<Answer> expected(kAsked);
    for (std::size_t i = 0; i < kAsked; ++i) {
      expected[i] = ask(*alone, i);
    }
    std::vector<Answer> answers(kAsked);
    std::vector<std::uint64_t> hashes(kThreads);
    run_parallel(kAsked, kThreads, [&](std::size_t i) { answers[i] = ask(*shared, i); });
    run_parallel(kThreads, kThreads, [&](std::size_t i) { hashes[i] = shared->hash(); });
    EXPECT_EQ(answers, expected);
    EXPECT_EQ(hashes, std::vector<std::uint64_t>(kThreads, alone->hash()));
    EXPECT_NE(answers[0].level, answers[1].level);  // or the test would not tell domains apart
  }

  void write_folders() const {
    for (int i = 0; i < 12; ++i) {
      const std::string name = "n01443537/" + std::to_string(i) + ".png";
      write("set/fog/5/" + name, png_of(10 + i));
      write("set/snow/5/" + name, png_of(100 + i));
    }
  }
};

TEST_F(ManyReaders, Npz) {
  test::write_zip(path("d.npz"), {{"fog.npy", test::npy_pictures(20, 8, 10)},
                                  {"snow.npy", test::npy_pictures(20, 8, 100)},
                                  {"labels.npy", test::npy_labels(std::vector<std::int64_t>(20))}});
  check([&] { return open_dataset("npz:" + path("d.npz")); });
}

TEST_F(ManyReaders, CifarC) {
  write("fog.npy", test::npy_pictures(50, 32, 0));
  write("snow.npy", test::npy_pictures(50, 32, 100));
  write("labels.npy", test::npy_labels(std::vector<std::int64_t>(50, 3)));
  check([&] { return open_dataset("cifar10-c:" + path()); });
}

TEST_F(ManyReaders, ImagenetC) {
  write_folders();
  check([&] { return open_dataset("imagenet-c:" + path("set")); });
}

TEST_F(ManyReaders, Subset) {
  write_folders();
  write_text("list.txt", "n01443537/11.png\nn01443537/2.png\nn01443537/7.png\n");
  check([&] { return subset(open_dataset("imagenet-c:" + path("set")), path("list.txt")); });
}

TEST_F(ManyReaders, CorruptedOnTheFly) {
  write_folders();
  CorruptedOptions options;
  options.names = {"gaussian_noise", "contrast", "pixelate"};
  check([&] { return corrupted(open_dataset("imagenet-c:" + path("set")), "fog", options); });
}

}  // namespace
}  // namespace zoa
