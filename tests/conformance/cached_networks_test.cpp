// SPDX-License-Identifier: Apache-2.0
// The two networks that ship, quantized, with and without a cache of compiled networks: the answers
// are the same bits, and a second engine writes nothing.
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "zoa/core/test_folder.h"
#include "zoa/data/stream.h"
#include "zoa/engine/engine.h"
#include "zoa/quantize/quantize.h"
#include "zoa/quantize/test_images.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* network;
  bool statistics;
};

class CachedNetwork : public testing::TestWithParam<Case> {
 protected:
  CachedNetwork() : data_(80, 28), model_(make_model()) {
    options_.norm_slots = options_.taps = options_.stem = true;
    options_.shift_slot = options_.head = options_.plain = true;
    options_.batch_statistics = GetParam().statistics;
    options_.threads = 1;
    options_.log = [this](LogLevel, const std::string& text) { messages_.push_back(text); };
    BatchReader reader(data_, 0, model_.preprocess(), {.batch = 32});
    std::vector<SkippedImage> skipped;
    reader.next(batch_, skipped);
  }

  Model make_model() const {
    const fs::path file = std::string(GetParam().network) + ".onnx";
    QuantizeOptions options;
    options.calib_size = 80;
    return quantize(
        Model::from_file(fs::path(ZOA_SOURCE_DIR) / "models" / file, preset("inception", 28, 28)),
        {data_, 0}, options);
  }

  // Logits at neutral slots and at others, taps, and the network as shipped.
  std::vector<float> run(const std::string& cache) {
    EngineOptions options = options_;
    options.cache = cache;
    Engine engine(model_, options);
    std::vector<float> all;
    const auto append = [&](std::span<const float> values) {
      all.insert(all.end(), values.begin(), values.end());
    };
    engine.begin(batch_);
    append(engine.pass({}).logits);
    std::vector<std::vector<float>> moved;
    for (const SlotInfo& slot : engine.info().slots) {
      moved.push_back(slot.neutral);
      for (float& value : moved.back()) {
        value += 0.05F;
      }
    }
    const PassOutput output = engine.pass({moved.begin(), moved.end()});
    append(output.logits);
    append(output.taps);
    append(engine.pass_plain());
    return all;
  }

  std::vector<std::pair<std::string, ino_t>> files() const {
    std::vector<std::pair<std::string, ino_t>> found;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      struct stat status{};
      EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
      found.emplace_back(entry.path().string(), status.st_ino);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  test::RandomImages data_;
  Model model_;
  EngineOptions options_;
  Batch batch_;
  TestFolder folder_;
  std::vector<std::string> messages_;
};

TEST_P(CachedNetwork, AnswersAreTheSameBits) {
  const std::vector<float> plain = run("");
  EXPECT_EQ(run(folder_.path()), plain);
  const auto written = files();
  EXPECT_GE(written.size(), 3U);  // prefix, suffix, head
  EXPECT_EQ(run(folder_.path()), plain);
  EXPECT_EQ(files(), written);
  EXPECT_TRUE(messages_.empty());
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         CachedNetwork,
                         testing::Values(Case{"fashion-vit", false},
                                         Case{"fashion-resnet", false},
                                         Case{"fashion-resnet", true}));

}  // namespace
}  // namespace zoa
