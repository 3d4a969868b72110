// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report.h"

#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "zoa/eval/html.h"
#include "zoa/eval/report_bank.h"
#include "zoa/eval/report_plot.h"
#include "zoa/eval/report_rounds.h"
#include "zoa/eval/report_scatter.h"
#include "zoa/eval/test_runs.h"

namespace zoa {
namespace {

constexpr char kHostile[] = "<script>alert('x')</script>\" onload=\"y&";

Run make_run(const std::string& name) {
  Run run;
  run.header.model = name;
  run.header.bits = "w8a8";
  run.header.data = name;
  run.header.command = "zoa eval " + name;
  run.header.machine = {name, name, 1};
  run.header.domains = {name + "1", name + "2"};
  run.header.images = {8, 8};
  run.header.methods = {{"noadapt", {}}, {name + "m", {{"o", "text", name, "", 0, 0}}}};
  for (const MethodFacts& method : run.header.methods) {
    for (std::size_t i = 0; i < 4; ++i) {
      BatchRecord record;
      record.method = method.name;
      record.domain = run.header.domains[i / 2];
      record.step = i + 1;
      record.count = record.labeled = 4;
      record.correct = method.name == "noadapt" ? 1 : i == 0 ? 2 : 3;
      record.changed = i == 2 && method.name != "noadapt";
      run.batches.push_back(record);
    }
    run.summaries.push_back(summarize(run, method.name));
  }
  return run;
}

TEST(EscapeHtml, NothingGetsOutOfTextOrAttributes) {
  EXPECT_EQ(detail::escape_html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(detail::escape_html(std::string("a\0b\x1b", 4)), "a?b?");
  EXPECT_EQ(detail::escape_html("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(detail::escape_html("\xc3"), "?");
  EXPECT_EQ(detail::escape_html("\xc0\xbc\xed\xa0\x80"), "?????");
}

TEST(Coordinate, Short) {
  EXPECT_EQ(detail::coordinate(1.5), "1.5");
  EXPECT_EQ(detail::coordinate(-0.001), "0");
  EXPECT_EQ(detail::coordinate(100), "100");
}

TEST(NiceTicks, RoundNumbers) {
  EXPECT_EQ(detail::nice_ticks(20, 100, 5), (std::vector<double>{20, 40, 60, 80, 100}));
  EXPECT_EQ(detail::nice_ticks(0, 0, 5), (std::vector<double>{0}));
}

TEST(Report, HostileNamesAreEscaped) {
  const std::string page = html_report({make_run(kHostile)}, {kHostile, kHostile});
  EXPECT_EQ(page.find("<script"), page.rfind("<script")) << "only the page's own";
  EXPECT_EQ(page.find("alert('x')"), std::string::npos);
  EXPECT_EQ(page.find("\" onload"), std::string::npos);
  EXPECT_NE(page.find("Content-Security-Policy"), std::string::npos);
}

TEST(Report, RefersToNothingOutside) {
  const std::string page = html_report({make_run("net")});
  const std::regex outside("(src|href)=|url\\(|@import|https?:");
  EXPECT_FALSE(std::regex_search(page, outside));
}

TEST(Report, SaysTheGain) {
  const zoa::Run run = make_run("net");
  EXPECT_EQ(gain_sentence(run),
            "net (w8a8): 25.0 % without adaptation, 68.8 % with netm, +43.8 points (mean over 2 "
            "domains)");
  const std::string page = html_report({run});
  EXPECT_NE(page.find("Test-time adaptation of net"), std::string::npos);
  EXPECT_NE(page.find("<b>+43.8</b>"), std::string::npos);
}

TEST(Report, EmptyAndPartialRunsHaveAPage) {
  EXPECT_NE(html_report({}).find("</html>"), std::string::npos);
  EXPECT_NE(html_report({zoa::Run{}}).find("before its first batch"), std::string::npos);
  zoa::Run run = make_run("net");
  run.batches.resize(5);
  run.summaries = {summarize(run, "noadapt"), summarize(run, "netm")};
  run.summaries.back().complete = false;
  EXPECT_NE(html_report({run}).find("Interrupted"), std::string::npos);
}

TEST(Report, WithoutLabelsThereIsNoPlot) {
  zoa::Run run = make_run("net");
  for (BatchRecord& record : run.batches) {
    record.correct.reset();
    record.labeled = 0;
  }
  run.summaries = {summarize(run, "noadapt")};
  const detail::SeriesTable series(compare_runs({run}));
  EXPECT_EQ(detail::stream_plot(run, series), "");
  EXPECT_NE(html_report({run}).find("No labels"), std::string::npos);
}

TEST(SmoothPoints, StayWithinTheirDomain) {
  const auto points = detail::smooth_points(make_run("net"), "netm", 5);
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].value, 0.625);
  EXPECT_EQ(points[1].value, 0.625);
  EXPECT_EQ(points[2].value, 0.75);
  EXPECT_EQ(points[2].segment, 1U);
  EXPECT_EQ(points[2].images, 10);
}

TEST(Report, SeedsAreOneRowAndUnlikeRowsAreMarked) {
  const zoa::Run first = make_test_run("1", {6, 4});
  zoa::Run second = make_test_run("2", {8, 4});
  const std::string page = html_report({first, second});
  EXPECT_NE(page.find("68.8 \u00b1 8.8"), std::string::npos);
  EXPECT_NE(page.find("--method zoa --seed 2"), std::string::npos);
  EXPECT_EQ(page.find("not alike"), std::string::npos);
  second.header.data_hash = "ee";
  const std::string mixed = html_report({first, second});
  EXPECT_NE(mixed.find("not alike"), std::string::npos);
  EXPECT_NE(mixed.find("data hash: dd (a.jsonl) vs ee"), std::string::npos);
}

TEST(Report, MceIsExplainedOnlyWhereItCouldBe) {
  zoa::Run run = make_test_run("1", {6, 4});
  EXPECT_EQ(html_report({run}).find("mCE"), std::string::npos);
  run.header.data = "imagenet-c:DIR";
  EXPECT_NE(html_report({run}).find("No mCE: it needs all five severities"), std::string::npos);
}

// Rows with these accuracies in percent.
ComparisonNetwork make_network(const std::vector<double>& accuracies) {
  ComparisonNetwork network;
  for (const double accuracy : accuracies) {
    ComparisonRow& row = network.rows.emplace_back();
    row.label = "m" + std::to_string(network.rows.size());
    row.top1 = MeanSd{accuracy / 100, 0.01, 3};
  }
  return network;
}

TEST(ParetoRows, AccuracyGrowsWithCost) {
  const ComparisonNetwork network = make_network({50, 60, 55, 60, 70, 99});
  const std::vector<double> cost{1, 2, 3, 2, 28, 0};  // the last one has no cost
  EXPECT_EQ(detail::pareto_rows(network.rows, cost), (std::vector<std::size_t>{0, 1, 4}));
}

TEST(CostPlot, AMarkerAndANamePerRow) {
  Comparison comparison;
  comparison.networks = {make_network({50, 60, 55})};
  const detail::SeriesTable series(comparison);
  const std::string plot =
      detail::cost_plot(comparison.networks[0], {1, 2, 28}, "passes per batch", series);
  for (const char* name : {">m1<", ">m2<", ">m3<", "log scale", "class=\"pareto\""}) {
    EXPECT_NE(plot.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(detail::cost_plot(comparison.networks[0], {0, 0, 1}, "ms", series), "");
}

TEST(RoundPlot, OnlyForSeveralRounds) {
  zoa::Run run = make_test_run("1", {6, 4});
  const Comparison one = compare_runs({run});
  EXPECT_EQ(detail::round_plot(one, one.networks[0], detail::SeriesTable(one)), "");
  BatchRecord again = run.batches.back();
  again.round = 2;
  run.batches.push_back(again);
  run.summaries.back() = summarize(run, "zoa");
  const Comparison two = compare_runs({run});
  EXPECT_NE(detail::round_plot(two, two.networks[0], detail::SeriesTable(two)).find("round"),
            std::string::npos);
}

BatchRecord make_bank_record(const std::string& domain, const std::vector<double>& weights) {
  BatchRecord record;
  record.method = "zoa";
  record.domain = domain;
  record.count = 8;
  record.bank_weights = weights;
  return record;
}

TEST(FollowBank, EntriesKeepTheirNameThroughRemovals) {
  zoa::Run run;
  run.batches = {make_bank_record("fog", {1}), make_bank_record("fog", {1})};
  BatchRecord change = make_bank_record("snow", {0.25, 0.75});
  change.changed = true;
  run.batches.push_back(change);
  change = make_bank_record("rain", {0.5, 0.5});  // gives up "fog", keeps what it learnt on snow
  change.changed = true;
  change.removed_entry = 1;
  run.batches.push_back(change);
  const std::vector<detail::BankEntry> entries = detail::follow_bank(run, "zoa");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "as shipped");
  EXPECT_EQ(entries[0].weight, (std::vector<double>{1, 1, 0.25, 0.5}));
  EXPECT_EQ(entries[1].name, "fog");
  EXPECT_EQ(entries[1].weight, std::vector<double>{0.75});
  EXPECT_EQ(entries[1].begin, std::vector<double>{16});
  EXPECT_EQ(entries[2].name, "snow");
  EXPECT_EQ(entries[2].weight, std::vector<double>{0.5});
}

TEST(FollowBank, AResetStartsANewBank) {
  zoa::Run run;
  run.batches = {make_bank_record("fog", {0.5, 0.5}), make_bank_record("snow", {1})};
  const std::vector<detail::BankEntry> entries = detail::follow_bank(run, "zoa");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[2].weight, std::vector<double>{1});
  EXPECT_TRUE(detail::follow_bank(run, "noadapt").empty());
}

TEST(SeriesTable, SixteenMethodsLookDifferent) {
  Comparison comparison;
  comparison.networks = {make_network(std::vector<double>(16, 50))};
  const detail::SeriesTable series(comparison);
  std::set<std::string> looks;
  for (const ComparisonRow& row : comparison.networks[0].rows) {
    looks.insert(detail::swatch(series.number_of(row.label)));
  }
  EXPECT_EQ(looks.size(), 16U);
}

}  // namespace
}  // namespace zoa
