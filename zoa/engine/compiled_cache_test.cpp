// SPDX-License-Identifier: Apache-2.0
// Compiled networks from files: the same answers, another key for whatever changes them, and every
// kind of damage costs time only.
#include <filesystem>
#include <set>

#include <gtest/gtest.h>
#include <openvino/op/matmul.hpp>
#include <openvino/op/relu.hpp>
#include <sys/stat.h>

#include "zoa/core/file.h"
#include "zoa/core/test_folder.h"
#include "zoa/engine/compiled_cache_ov.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/toy_graphs_ov.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<ov::Model> make_network(float weight, bool relu = true) {
  const auto input = toy::parameter({2, 3});
  const auto weights = make_constant({3, 2}, {weight, 2, 3, -4, 5, 6});
  toy::Value value = std::make_shared<ov::op::v0::MatMul>(input, weights)->output(0);
  if (relu) {
    value = std::make_shared<ov::op::v0::Relu>(value)->output(0);
  }
  return toy::model(value, {input});
}

std::vector<float> answers(ov::CompiledModel compiled) {
  ov::InferRequest request = compiled.create_infer_request();
  const std::vector<float> input{1, 2, 3, 4, 5, -6};
  std::copy(input.begin(), input.end(), request.get_input_tensor().data<float>());
  request.infer();
  const ov::Tensor output = request.get_output_tensor();
  return {output.data<const float>(), output.data<const float>() + output.get_size()};
}

// A cache whose messages are kept.
struct Watched {
  explicit Watched(const std::string& folder)
      : cache(folder, [this](LogLevel, const std::string& text) { messages.push_back(text); }) {}

  std::vector<float> run(float weight) {
    return answers(cache.compile(make_network(weight), compile_settings(1)));
  }

  std::vector<std::string> messages;
  CompiledCache cache;
};

std::string only_file(const TestFolder& folder) {
  EXPECT_EQ(folder.count_files(), 1U);
  return fs::directory_iterator(folder.path())->path().string();
}

// A file that is written again is another one.
ino_t identity(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_ino;
}

std::string key_of(const std::shared_ptr<ov::Model>& network, int threads = 1) {
  return detail::compiled_key(*network, compile_settings(threads));
}

const std::vector<float> kAnswers{22, 12, 0, 0};  // of weight 1

TEST(CompiledCache, TheKeyHoldsGraphWeightsAndSettings) {
  const std::set<std::string> different{key_of(make_network(1)), key_of(make_network(1.5F)),
                                        key_of(make_network(1, false)), key_of(make_network(1), 2)};
  EXPECT_EQ(different.size(), 4U);
}

TEST(CompiledCache, TheKeyDoesNotDependOnNames) {
  const auto network = make_network(1);
  const std::string before = key_of(network);
  EXPECT_EQ(key_of(make_network(1)), before);
  for (const auto& node : network->get_ops()) {
    node->set_friendly_name("other_" + node->get_friendly_name());
  }
  network->set_friendly_name("other");
  EXPECT_EQ(key_of(network), before);
}

TEST(CompiledCache, ASecondStartReadsTheFile) {
  const TestFolder folder;
  Watched first(folder.path());
  EXPECT_EQ(first.run(1), kAnswers);
  const ino_t written = identity(only_file(folder));
  Watched second(folder.path());
  EXPECT_EQ(second.run(1), kAnswers);
  EXPECT_EQ(identity(only_file(folder)), written);
  second.run(7);
  EXPECT_EQ(folder.count_files(), 2U);
  EXPECT_TRUE(first.messages.empty());
  EXPECT_TRUE(second.messages.empty());
}

class DamagedCache : public testing::Test {
 protected:
  DamagedCache() {
    Watched(folder_.path()).run(1);
    path_ = only_file(folder_);
    good_ = read_file(path_, 1U << 24U);
  }

  // The damage is told, the answer right, the file whole again.
  void expect_repair(const Bytes& damaged, const std::string& what) {
    write_file_atomic(path_, damaged);
    Watched cache(folder_.path());
    EXPECT_EQ(cache.run(1), kAnswers) << what;
    ASSERT_EQ(cache.messages.size(), 1U) << what;
    EXPECT_NE(cache.messages[0].find(path_), std::string::npos) << cache.messages[0];
    cache.run(1);
    EXPECT_EQ(cache.messages.size(), 1U) << what;
  }

  TestFolder folder_;
  std::string path_;
  Bytes good_;
};

TEST_F(DamagedCache, FlippedBits) {
  for (std::size_t i = 0; i < 10; ++i) {
    Bytes damaged = good_;
    const std::size_t place = i < 5 ? good_.size() - 1 - i * 15 : (i - 5) * (good_.size() / 5);
    damaged[place] ^= static_cast<std::uint8_t>(1U << (i % 8));
    expect_repair(damaged, "byte " + std::to_string(place));
  }
}

TEST_F(DamagedCache, Truncation) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{72}, good_.size() / 2, good_.size() - 72, good_.size() - 1}) {
    expect_repair({good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(size)},
                  std::to_string(size) + " bytes");
  }
}

TEST_F(DamagedCache, MoreBytes) {
  Bytes longer = good_;
  longer.push_back(0);
  expect_repair(longer, "a byte more");
}

TEST_F(DamagedCache, AFileOfAnotherNetwork) {
  const TestFolder other;
  Watched(other.path()).run(7);
  expect_repair(read_file(only_file(other), 1U << 24U), "another network");
}

TEST(CompiledCache, AFolderThatCannotBeUsedIsToldOnce) {
  const TestFolder folder;
  folder.put("file", "");
  Watched cache(folder.file("file") + "/cache");
  EXPECT_EQ(cache.run(1), kAnswers);
  cache.run(7);
  ASSERT_EQ(cache.messages.size(), 1U);
  EXPECT_NE(cache.messages[0].find(folder.file("file") + "/cache"), std::string::npos);
}

TEST(CompiledCache, UnusedFilesGoFirst) {
  const TestFolder folder;
  const auto now = fs::file_time_type::clock::now();
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::string(1, static_cast<char>('a' + i)) + ".zoac";
    folder.put(name, std::string(100, 'x'));
    fs::last_write_time(folder.file(name), now - std::chrono::hours(i == 1 ? 0 : 10 - i));
  }
  folder.put("not-ours.txt", "x");
  detail::trim_cache(folder.path(), 4, 1000);
  EXPECT_EQ(folder.count_files(), 5U);
  EXPECT_FALSE(fs::exists(folder.file("a.zoac")));
  EXPECT_FALSE(fs::exists(folder.file("c.zoac")));
  detail::trim_cache(folder.path(), 4, 200);
  EXPECT_EQ(folder.count_files(), 3U);
  EXPECT_TRUE(fs::exists(folder.file("b.zoac")));
  EXPECT_TRUE(fs::exists(folder.file("f.zoac")));
  EXPECT_TRUE(fs::exists(folder.file("not-ours.txt")));
}

}  // namespace
}  // namespace zoa
