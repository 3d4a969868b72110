// SPDX-License-Identifier: Apache-2.0
// A large batch goes through a network in portions: nobody may be able to tell.
#include <filesystem>

#include <gtest/gtest.h>

#include "zoa/data/stream.h"
#include "zoa/engine/engine.h"
#include "zoa/quantize/test_images.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPixels = 28UL * 28UL * 3UL;

Model load(const std::string& name) {
  return Model::from_file(fs::path(ZOA_SOURCE_DIR) / "models" / (name + ".onnx"),
                          preset("inception", 28, 28));
}

Batch make_batch(std::size_t count) {
  const test::RandomImages data(count, 28);
  BatchReader reader(data, 0, preset("inception", 28, 28), {.batch = count});
  Batch batch;
  std::vector<SkippedImage> skipped;
  EXPECT_TRUE(reader.next(batch, skipped));
  return batch;
}

Batch part_of(const Batch& batch, std::size_t first, std::size_t count) {
  Batch part = batch;
  part.count = count;
  const auto begin = batch.pixels.begin() + static_cast<std::ptrdiff_t>(first * kPixels);
  part.pixels.assign(begin, begin + static_cast<std::ptrdiff_t>(count * kPixels));
  return part;
}

struct Seen {
  std::vector<float> logits;
  std::vector<float> answer;
  std::vector<float> taps;
  std::vector<double> stem;
};

// Two passes, so that what one leaves behind would show in the other.
Seen run(Engine& engine, const Batch& batch, const SlotValues& values) {
  const auto copy = [](std::span<const float> span) {
    return std::vector<float>(span.begin(), span.end());
  };
  engine.begin(batch);
  engine.pass({});
  const PassOutput output = engine.pass(values);
  return {copy(output.logits), copy(output.answer), copy(output.taps), engine.stem().mean};
}

// Values of all slots for each image of a batch, different for each.
std::vector<std::vector<float>> own_slots(const ModelInfo& info, std::size_t images) {
  std::vector<std::vector<float>> rows(info.slots.size());
  for (std::size_t s = 0; s < rows.size(); ++s) {
    for (std::size_t i = 0; i < images; ++i) {
      for (const float value : info.slots[s].neutral) {
        rows[s].push_back(value * (1 + 0.002F * static_cast<float>(i)) + 0.01F);
      }
    }
  }
  return rows;
}

SlotValues part_of(const ModelInfo& info,
                   const std::vector<std::vector<float>>& rows,
                   std::size_t first,
                   std::size_t count) {
  SlotValues values;
  values.reserve(rows.size());
  for (std::size_t s = 0; s < rows.size(); ++s) {
    const std::size_t size = info.slots[s].size;
    values.push_back(std::span(rows[s]).subspan(first * size, count * size));
  }
  return values;
}

void append(std::vector<float>& all, const std::vector<float>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

class Portions : public testing::TestWithParam<std::tuple<const char*, std::size_t>> {};

TEST_P(Portions, AnswersAreThoseOfThePortionsAsBatches) {
  const auto& [name, portion] = GetParam();
  const Model model = load(name);
  EngineOptions options;
  options.norm_slots = options.shift_slot = options.taps = options.stem = true;
  options.per_sample_slots = true;
  Engine together(model, options);
  Engine apart(model, options);
  const std::size_t count = 2 * portion;
  const Batch batch = make_batch(count);
  const auto rows = own_slots(together.info(), count);
  const Seen whole = run(together, batch, part_of(together.info(), rows, 0, count));
  Seen parts;
  std::vector<double> stem(whole.stem.size());
  for (const std::size_t first : {std::size_t{0}, portion}) {
    const Seen part =
        run(apart, part_of(batch, first, portion), part_of(apart.info(), rows, first, portion));
    append(parts.logits, part.logits);
    append(parts.answer, part.answer);
    append(parts.taps, part.taps);
    for (std::size_t c = 0; c < stem.size(); ++c) {
      stem[c] += part.stem[c] / 2;
    }
  }
  EXPECT_EQ(whole.logits, parts.logits);
  EXPECT_EQ(whole.answer, parts.answer);
  EXPECT_EQ(whole.taps, parts.taps);
  for (std::size_t c = 0; c < stem.size(); ++c) {
    EXPECT_NEAR(whole.stem[c], stem[c], 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks,
                         Portions,
                         testing::Combine(testing::Values("fashion-vit", "fashion-resnet"),
                                          testing::Values(std::size_t{32}, std::size_t{17})));

// Statistics of the batch are those of all of it: no portions there.
TEST(Portions, BatchStatisticsSeeTheWholeBatch) {
  const Model model = load("fashion-resnet");
  EngineOptions options;
  options.batch_statistics = options.taps = true;
  const Batch batch = make_batch(64);
  Engine together(model, options);
  Engine apart(model, options);
  const auto whole = run(together, batch, {});
  const auto half = run(apart, part_of(batch, 0, 32), {});
  EXPECT_NE(
      std::vector<float>(whole.logits.begin(),
                         whole.logits.begin() + static_cast<std::ptrdiff_t>(half.logits.size())),
      half.logits);
}

}  // namespace
}  // namespace zoa
