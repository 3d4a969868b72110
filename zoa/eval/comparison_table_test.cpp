// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/comparison_table.h"

#include <sstream>

#include <gtest/gtest.h>

#include "zoa/eval/test_runs.h"

namespace zoa {
namespace {

Comparison two_seeds() {
  Run other = make_test_run("1", {8, 8});
  other.header.bits = "w6a6";
  other.header.model_hash = "33";
  return compare_runs({make_test_run("1", {6, 4}), make_test_run("2", {8, 4}), other});
}

using Rows = std::vector<std::vector<std::string>>;

TEST(ResultsTable, MethodsDownNetworksAcross) {
  const Table table = results_table(two_seeds());
  EXPECT_EQ(table.columns, (std::vector<std::string>{"method", "passes", "net w8a8", "net w6a6"}));
  EXPECT_EQ(table.rows, (Rows{{"noadapt", "1", "37.5 \u00b1 0.0", "37.5"},
                              {"zoa", "1.5", "68.8 \u00b1 8.8", "100.0"}}));
}

TEST(ResultsTable, WhatIsMissingIsADash) {
  zoa::Run other = make_test_run("1", {8, 8});
  other.header.bits = "w6a6";
  other.summaries.pop_back();
  const Table table = results_table(compare_runs({make_test_run("1", {6, 4}), other}));
  EXPECT_EQ(table.rows[1], (std::vector<std::string>{"zoa", "1.5", "62.5", "-"}));
}

TEST(FiguresTable, LeavesOutWhatNobodyHas) {
  const Comparison comparison = two_seeds();
  const Table table = figures_table(comparison.networks[0]);
  EXPECT_EQ(table.columns,
            (std::vector<std::string>{"method", "top-1, %", "gain", "ECE, %", "entropy", "loss",
                                      "passes", "ms", "peak MB"}));
  EXPECT_EQ(table.rows[1],
            (std::vector<std::string>{"zoa", "68.8 \u00b1 8.8", "+31.2", "28.5 \u00b1 4.9", "0.500",
                                      "0.250", "1.5", "20.0", "100"}));
  zoa::Run bare = make_test_run("1", {6, 4});
  for (BatchRecord& record : bare.batches) {
    record.ms = 0;
    record.rss_mb.reset();
    record.ece_bins = {};
  }
  bare.summaries = {summarize(bare, "noadapt")};
  EXPECT_EQ(figures_table(compare_runs({bare}).networks[0]).columns,
            (std::vector<std::string>{"method", "top-1, %", "gain", "entropy", "loss", "passes"}));
}

TEST(DomainTable, DomainsThenMean) {
  const Comparison comparison = two_seeds();
  const Table table = domain_table(comparison, comparison.networks[1]);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"method", "fog", "snow", "mean"}));
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"noadapt", "50.0", "25.0", "37.5"}));
}

TEST(RoundTable, OneColumnPerRound) {
  zoa::Run run = make_test_run("1", {6, 4});
  const std::size_t first = run.batches.size();
  for (std::size_t i = 0; i < first; ++i) {
    BatchRecord record = run.batches[i];
    record.round = 2;
    record.correct = 8;
    run.batches.push_back(record);
  }
  run.summaries = {summarize(run, "noadapt"), summarize(run, "zoa")};
  const Comparison comparison = compare_runs({run});
  const Table table = round_table(comparison, comparison.networks[0]);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"method", "round 1", "round 2"}));
  EXPECT_EQ(table.rows, (Rows{{"noadapt", "37.5", "100.0"}, {"zoa", "62.5", "100.0"}}));
  EXPECT_NE(markdown_report(comparison).find("per round"), std::string::npos);
}

TEST(MarkdownReport, HasTablesProtocolAndCommands) {
  const std::string text = markdown_report(two_seeds());
  EXPECT_NE(text.find("| zoa | 1.5 | 68.8 \u00b1 8.8 | 100.0 |"), std::string::npos) << text;
  EXPECT_NE(text.find("2 domains, 16 images"), std::string::npos);
  EXPECT_NE(text.find("zoa eval net.zoa --data npz:x --method zoa --seed 2\n"), std::string::npos);
  EXPECT_EQ(text.find("Unlike"), std::string::npos);
}

TEST(CsvReport, SharesWithTheirSpread) {
  zoa::Run run = make_test_run("1", {6, 4});
  run.header.model = "a \"b\", c";
  std::istringstream lines(csv_report(compare_runs({run, make_test_run("2", {8, 4})})));
  std::string titles;
  std::string noadapt;
  std::string zoa;
  std::getline(lines, titles);
  std::getline(lines, noadapt);
  std::getline(lines, zoa);
  EXPECT_EQ(
      titles,
      "model,hash,bits,method,options,seeds,complete,top1,top1_sd,ece,ece_sd,entropy,entropy_sd,"
      "loss,loss_sd,mce,mce_sd,passes,pass_equivalents,ms,rss_mb,images,skipped,domain:fog,"
      "domain:fog_sd,domain:snow,domain:snow_sd,round:1,round:1_sd");
  EXPECT_EQ(zoa.substr(0, zoa.find(",0.320")),
            "\"a \"\"b\"\", c\",22,w8a8,zoa,lr=0.1 size=2,1,true,0.625000,");
}

TEST(Texts, SpreadAndPasses) {
  EXPECT_EQ(spread_text(MeanSd{0.7251, 0.004, 3}, 100, 1), "72.5 \u00b1 0.4");
  EXPECT_EQ(spread_text(MeanSd{0.7251, std::nullopt, 1}, 100, 1), "72.5");
  EXPECT_EQ(spread_text(std::nullopt, 100, 1), "-");
  EXPECT_EQ(passes_text(2), "2");
  EXPECT_EQ(passes_text(1.875), "1.88");
  EXPECT_EQ(passes_text(100), "100");
}

}  // namespace
}  // namespace zoa
