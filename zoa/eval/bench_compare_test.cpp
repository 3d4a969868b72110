// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/bench_compare.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "zoa/core/test_error.h"
#include "zoa/eval/bench_json.h"

namespace zoa {
namespace {

BenchRow make_row(const std::string& model, const std::string& method, double ms) {
  BenchRow row;
  row.model = model;
  row.method = method;
  row.batch = 16;
  row.step_ms = ms;
  row.q1_ms = ms * 0.9;
  row.q3_ms = ms * 1.2;
  return row;
}

BenchFile make_file(const std::vector<BenchRow>& rows, int threads = 2) {
  BenchReport report;
  report.rows = rows;
  report.peak_rss_mb = 100;
  return parse_bench(bench_json(report, "OpenVINO", {"cpu", "avx2", threads}), "a.json");
}

TEST(BenchCompare, ReadsWhatBenchPrints) {
  const BenchFile file = make_file({make_row("net", "zoa", 10)});
  ASSERT_EQ(file.rows.size(), 1U);
  EXPECT_EQ(file.rows[0].model, "net");
  EXPECT_EQ(file.rows[0].batch, 16U);
  EXPECT_EQ(file.rows[0].step_ms, 10);
  EXPECT_EQ(file.rows[0].q3_ms, 12);
  EXPECT_EQ(file.machine.isa, "avx2");
  EXPECT_EQ(file.peak_rss_mb, 100);
}

TEST(BenchCompare, RatioIsNewToOldAndItsSpreadThatOfTheQuartiles) {
  const BenchChanges changes = compare_benches(make_file({make_row("net", "zoa", 10)}),
                                               make_file({make_row("net", "zoa", 20)}));
  ASSERT_EQ(changes.rows.size(), 1U);
  EXPECT_EQ(changes.rows[0].model, "net");
  EXPECT_DOUBLE_EQ(changes.rows[0].ratio, 2);
  EXPECT_DOUBLE_EQ(*changes.rows[0].low, 18.0 / 12);
  EXPECT_DOUBLE_EQ(*changes.rows[0].high, 24.0 / 9);
  EXPECT_EQ(changes.unmatched, 0U);
}

TEST(BenchCompare, OneNetworkEachIsComparedWhateverTheNames) {
  const BenchChanges changes =
      compare_benches(make_file({make_row("w8a8", "noadapt", 5), make_row("w8a8", "zoa", 10)}),
                      make_file({make_row("w6a6", "zoa", 11)}));
  ASSERT_EQ(changes.rows.size(), 1U);
  EXPECT_EQ(changes.rows[0].model, "w8a8 -> w6a6");
  EXPECT_EQ(changes.rows[0].old_ms, 10);
  EXPECT_EQ(changes.unmatched, 1U);
}

TEST(BenchCompare, OfSeveralNetworksTheNameCounts) {
  const BenchFile both = make_file({make_row("a", "zoa", 5), make_row("b", "zoa", 10)});
  const BenchChanges changes = compare_benches(both, make_file({make_row("b", "zoa", 30)}));
  ASSERT_EQ(changes.rows.size(), 1U);
  EXPECT_DOUBLE_EQ(changes.rows[0].ratio, 3);
  EXPECT_EQ(
      test::error_of([&] { compare_benches(both, make_file({make_row("c", "zoa", 1)})); }).first,
      ErrorCode::InvalidArgument);
}

TEST(BenchCompare, RowsWithoutAPartnerAreRefused) {
  const auto [code, text] = test::error_of([] {
    compare_benches(make_file({make_row("net", "zoa", 1)}), make_file({make_row("net", "bn", 1)}));
  });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("a.json"), std::string::npos) << text;
}

TEST(BenchCompare, SaysWhatTheRunsDoNotShare) {
  const BenchFile two = make_file({make_row("net", "zoa", 1)}, 2);
  EXPECT_TRUE(list_unlike(two, two).empty());
  const auto unlike = list_unlike(two, make_file({make_row("net", "zoa", 1)}, 8));
  ASSERT_EQ(unlike.size(), 1U);
  EXPECT_EQ(unlike[0], "threads: 2 before, 8 after");
}

TEST(BenchCompare, FilesWithoutQuartilesHaveNoSpread) {
  const std::string old =
      R"({"rows": [{"model": "net", "method": "zoa", "batch": 16, "step_ms": 5}],
          "machine": {"cpu": "c", "isa": "avx2", "threads": 2, "runtime": "r", "zoa": "0.1.0"}})";
  const BenchChanges changes =
      compare_benches(parse_bench(old, "old.json"), make_file({make_row("net", "zoa", 10)}));
  ASSERT_EQ(changes.rows.size(), 1U);
  EXPECT_FALSE(changes.rows[0].low);
  EXPECT_EQ(change_table(changes).rows[0][6], "-");
  const auto json = nlohmann::json::parse(change_json(changes, {"threads"}));
  EXPECT_EQ(json["changes"][0]["ratio"], 2);
  EXPECT_TRUE(json["changes"][0]["low"].is_null());
  EXPECT_EQ(json["unlike"][0], "threads");
}

TEST(BenchCompare, OtherFilesAreRefusedWithTheirName) {
  const std::string machine =
      R"("machine": {"cpu": "c", "isa": "i", "threads": 1, "runtime": "r", "zoa": "z"})";
  for (const std::string& text :
       {std::string(), std::string("[1, 2]"), std::string("{}"), "{\"rows\": [], " + machine + "}",
        "{\"frames\": [], " + machine + "}", "{\"rows\": [{\"model\": 3}], " + machine + "}",
        "{\"rows\": [{\"model\": \"m\", \"method\": \"z\", \"batch\": -1, \"step_ms\": 1}], " +
            machine + "}",
        "{\"rows\": [{\"model\": \"m\", \"method\": \"z\", \"batch\": 1, \"step_ms\": 0}], " +
            machine + "}"}) {
    const auto [code, message] = test::error_of([&] { parse_bench(text, "bad.json"); });
    EXPECT_EQ(code, ErrorCode::BadFile) << text;
    EXPECT_EQ(message.find("bad.json: "), 0U) << message;
  }
}

}  // namespace
}  // namespace zoa
