// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/stream.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/data/test_fake_dataset.h"

namespace zoa {
namespace {

using test::FakeDataset;

StreamOptions small_batches(std::size_t batch) {
  StreamOptions options;
  options.batch = batch;
  return options;
}

struct Outcome {
  std::vector<std::int64_t> ids;
  std::vector<float> pixels;
  std::vector<std::size_t> counts;
  std::vector<SkippedImage> skipped;
};

Outcome run_all(const Dataset& data, const StreamOptions& options) {
  BatchReader reader(data, 0, preset("none", 2, 2), options);
  Outcome run;
  Batch batch;
  while (reader.next(batch, run.skipped)) {
    EXPECT_EQ(batch.pixels.size(), batch.count * 3 * 4);
    EXPECT_EQ(batch.labels.size(), batch.count);
    run.ids.insert(run.ids.end(), batch.ids.begin(), batch.ids.end());
    run.pixels.insert(run.pixels.end(), batch.pixels.begin(), batch.pixels.end());
    run.counts.push_back(batch.count);
  }
  EXPECT_EQ(batch.count, 0U);
  return run;
}

TEST(BatchReader, GoesThroughInOrder) {
  const Outcome run = run_all(FakeDataset(7), small_batches(3));
  EXPECT_EQ(run.counts, (std::vector<std::size_t>{3, 3, 1}));
  EXPECT_EQ(run.ids, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6}));
  for (std::size_t i = 0; i < run.pixels.size(); ++i) {
    EXPECT_EQ(run.pixels[i], static_cast<float>(i / 12));
  }
}

TEST(BatchReader, BadPicturesAreReplacedAndReported) {
  const Outcome run = run_all(FakeDataset(9, 1, 3, {0, 2, 3, 8}), small_batches(3));
  EXPECT_EQ(run.ids, (std::vector<std::int64_t>{1, 4, 5, 6, 7}));
  EXPECT_EQ(run.counts, (std::vector<std::size_t>{3, 2}));
  EXPECT_EQ(run.pixels[12], 4.F);
  EXPECT_EQ(run.pixels[59], 7.F);
  ASSERT_EQ(run.skipped.size(), 4U);
  EXPECT_EQ(run.skipped[3].id, 8);
  EXPECT_EQ(run.skipped[1].reason, "picture 2: damaged");
}

TEST(BatchReader, OnlyBadPicturesEndTheStream) {
  const Outcome run = run_all(FakeDataset(4, 1, 3, {0, 1, 2, 3}), small_batches(2));
  EXPECT_TRUE(run.ids.empty());
  EXPECT_EQ(run.skipped.size(), 4U);
}

TEST(BatchReader, ThreadsDoNotMatter) {
  const FakeDataset data(101, 1, 3, {5, 6, 50});
  StreamOptions options = small_batches(16);
  options.shuffle = true;
  const Outcome one = run_all(data, options);
  options.threads = 4;
  const Outcome four = run_all(data, options);
  EXPECT_EQ(one.ids, four.ids);
  EXPECT_EQ(one.pixels, four.pixels);
  EXPECT_EQ(one.skipped.size(), four.skipped.size());
}

TEST(BatchReader, ShuffleIsAPermutationOfTheSeed) {
  StreamOptions options = small_batches(10);
  options.shuffle = true;
  Outcome first = run_all(FakeDataset(100), options);
  EXPECT_EQ(first.ids, run_all(FakeDataset(100), options).ids);
  options.seed = 1;
  EXPECT_NE(first.ids, run_all(FakeDataset(100), options).ids);
  std::sort(first.ids.begin(), first.ids.end());
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(first.ids[i], static_cast<std::int64_t>(i));
  }
}

TEST(BatchReader, LimitCountsPicturesTried) {
  StreamOptions options = small_batches(4);
  options.limit = 5;
  const Outcome run = run_all(FakeDataset(100, 1, 3, {1}), options);
  EXPECT_EQ(run.ids, (std::vector<std::int64_t>{0, 2, 3, 4}));
  BatchReader reader(FakeDataset(100), 0, preset("none", 2, 2), options);
  EXPECT_EQ(reader.size(), 5U);
}

TEST(BatchReader, ListsMayMixDomains) {
  const FakeDataset data(4, 2, 3, {3});
  BatchReader reader(data, {{1, 2}, {0, 3}, {0, 0}, {1, 1}}, preset("none", 2, 2),
                     small_batches(2));
  Batch batch;
  std::vector<SkippedImage> skipped;
  ASSERT_TRUE(reader.next(batch, skipped));
  EXPECT_EQ(batch.ids, (std::vector<std::int64_t>{2, 0}));
  EXPECT_EQ(batch.labels, (std::vector<int>{2, 0}));
  EXPECT_EQ(reader.domains(), (std::vector<std::size_t>{1, 0}));
  ASSERT_EQ(skipped.size(), 1U);
  EXPECT_EQ(skipped[0].id, 3);
  EXPECT_EQ(skipped[0].domain, 0U);
  ASSERT_TRUE(reader.next(batch, skipped));
  EXPECT_EQ(reader.domains(), (std::vector<std::size_t>{1}));
  EXPECT_THROW(BatchReader(data, {{2, 0}}, preset("none", 2, 2), {}), Error);
}

TEST(BatchReader, RefusesBadOptions) {
  const FakeDataset data(5);
  const PreprocessSpec spec = preset("none", 2, 2);
  EXPECT_THROW(BatchReader(data, 1, spec, {}), Error);
  EXPECT_THROW(BatchReader(data, 0, spec, small_batches(0)), Error);
  StreamOptions options;
  options.threads = 0;
  EXPECT_THROW(BatchReader(data, 0, spec, options), Error);
  options.threads = 1;
  options.classes = 2;
  EXPECT_THROW(BatchReader(data, 0, spec, options), Error);
  options.classes = 3;
  EXPECT_NO_THROW(BatchReader(data, 0, spec, options));
}

}  // namespace
}  // namespace zoa
