// SPDX-License-Identifier: Apache-2.0
// What 'zoa bench' measures, on a small network; never how long it took.
#include "zoa/eval/bench.h"

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/core/test_folder.h"
#include "zoa/data/test_fake_dataset.h"
#include "zoa/eval/bench_json.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

constexpr char kNetwork[] = "resnet-bn.onnx";

BenchOptions quick_options() {
  BenchOptions options;
  options.reps = 3;
  options.warmup = 1;
  options.threads = 1;
  return options;
}

Model small_model() {
  return test::make_quantized(kNetwork, test::options_of("w8a8"));
}

// One network under two names.
const std::vector<BenchRow>& bench_twice() {
  static const std::vector<BenchRow> rows = [] {
    const Model model = small_model();
    const BatchMaker images = random_batches(model, 1);
    return run_bench({{"first", model, images}, {"second", model, images}},
                     {{"noadapt", {}}, {"zoa", {}}}, 4, quick_options());
  }();
  return rows;
}

TEST(Bench, RowsStandByNetworkThenByMethod) {
  const auto& rows = bench_twice();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].model + rows[0].method, "firstnoadapt");
  EXPECT_EQ(rows[1].model + rows[1].method, "firstzoa");
  EXPECT_EQ(rows[2].model + rows[2].method, "secondnoadapt");
  EXPECT_EQ(rows[3].model + rows[3].method, "secondzoa");
  EXPECT_EQ(rows[1].batch, 4U);
  EXPECT_EQ(rows[0].passes, 1);
  EXPECT_EQ(rows[1].passes, 2);
  EXPECT_EQ(rows[0].ratio, 1);
  EXPECT_EQ(rows[1].ratio, rows[1].step_ms / rows[0].step_ms);
}

TEST(Bench, OnlyLaterNetworksHaveARatioToTheFirst) {
  const auto& rows = bench_twice();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_FALSE(rows[0].vs_first);
  EXPECT_FALSE(rows[1].vs_first);
  ASSERT_TRUE(rows[3].vs_first);
  EXPECT_GT(rows[3].vs_first->q1, 0);
  EXPECT_LE(rows[3].vs_first->q1, rows[3].vs_first->median);
  EXPECT_LE(rows[3].vs_first->median, rows[3].vs_first->q3);
  EXPECT_EQ(versus_table(rows).rows.size(), 2U);
}

TEST(Bench, PartsAreWithinTheStepAndSayWhichPassesRan) {
  for (const BenchRow& row : bench_twice()) {
    const BenchParts& parts = row.parts;
    EXPECT_GT(parts.prefix_ms, 0);
    EXPECT_LE(parts.prefix_ms, row.p95_ms);
    EXPECT_GE(parts.update_ms, 0);
    EXPECT_EQ(parts.pass2_ms > 0, row.method == "zoa");
    EXPECT_LE(row.min_ms, row.q1_ms);
    EXPECT_LE(row.q3_ms, row.p95_ms);
  }
}

TEST(Bench, ABatchOutOfRangeIsRefused) {
  const Model model = test::load_float(kNetwork);
  const BenchEntry entry{"net", model, random_batches(model, 1)};
  for (const std::size_t batch : {0, 257}) {
    const auto [code, text] =
        test::error_of([&] { run_bench({entry}, {{"noadapt", {}}}, batch, quick_options()); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument);
    EXPECT_NE(text.find("expected 1 to 256"), std::string::npos) << text;
  }
}

TEST(PictureTimes, AreThoseOfPicturesAndNeedEnoughOfThem) {
  const Model model = test::load_float(kNetwork);
  const test::FakeDataset data(5);
  const PictureTimes times = time_pictures(model, data, 0, 5, quick_options());
  EXPECT_EQ(times.batch, 5U);
  EXPECT_GT(times.decode_ms, 0);
  EXPECT_GT(times.resize_ms, 0);
  EXPECT_EQ(test::error_of([&] { time_pictures(model, data, 0, 6, quick_options()); }).first,
            ErrorCode::InvalidArgument);
  const test::FakeDataset damaged(5, 1, 3, {4});
  EXPECT_EQ(test::error_of([&] { time_pictures(model, damaged, 0, 5, quick_options()); }).first,
            ErrorCode::BadFile);
}

TEST(PictureTimes, StandInTheTableOfTheirNetworkAndBatchOnly) {
  BenchRow row;
  row.model = "net";
  row.batch = 4;
  EXPECT_EQ(parts_table({row}, {{"net", 4, 1.5, 2.5}}).rows[0][3], "1.50");
  EXPECT_EQ(parts_table({row}, {{"net", 4, 1.5, 2.5}}).rows[0][4], "2.50");
  EXPECT_EQ(parts_table({row}, {{"net", 1, 1.5, 2.5}, {"other", 4, 1, 1}}).rows[0][3], "-");
}

TEST(ColdStart, EveryFolderAndMethodIsMeasured) {
  const TestFolder folder;
  small_model().save(folder.file("net.zoa"));
  BenchOptions options = quick_options();
  const std::vector<std::string> folders{folder.file("net.zoa")};
  EXPECT_TRUE(time_cold_starts(folders, {{"zoa", {}}}, 2, options).empty());
  options.cold = 1;
  const auto starts = time_cold_starts(folders, {{"noadapt", {}}, {"zoa", {}}}, 2, options);
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].method, "noadapt");
  for (const ColdStart& start : starts) {
    EXPECT_GT(start.load_ms, 0);
    EXPECT_GT(start.rewrite_ms, 0);
    EXPECT_GT(start.compile_ms, 0);
    EXPECT_GT(start.answer_ms, 0);
    EXPECT_GE(start.total_ms, start.load_ms);
    EXPECT_GE(start.most_ms, start.total_ms);
  }
}

TEST(ColdStart, AMissingFolderIsNamed) {
  BenchOptions options = quick_options();
  options.cold = 1;
  const auto [code, text] =
      test::error_of([&] { time_cold_starts({"nowhere.zoa"}, {{"noadapt", {}}}, 1, options); });
  EXPECT_NE(text.find("nowhere.zoa"), std::string::npos) << text;
}

}  // namespace
}  // namespace zoa
