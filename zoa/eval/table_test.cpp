// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/table.h"

#include <gtest/gtest.h>

namespace zoa {
namespace {

// Two methods on two domains: 50 and 25 percent as shipped, 75 and 25 with zoa.
Run make_run() {
  Run run;
  run.header.model = "net";
  run.header.domains = {"fog", "snow"};
  run.header.methods = {{"noadapt", {}}, {"zoa", {}}};
  const auto add = [&](const char* method, const char* domain, std::size_t correct, double ms) {
    BatchRecord record;
    record.method = method;
    record.domain = domain;
    record.count = record.labeled = 4;
    record.correct = correct;
    record.passes = record.method == "zoa" ? 2 : 1;
    record.ms = ms;
    run.batches.push_back(record);
  };
  add("noadapt", "fog", 2, 10);
  add("noadapt", "snow", 1, 10);
  add("zoa", "fog", 3, 15);
  add("zoa", "snow", 1, 19);
  for (const MethodFacts& method : run.header.methods) {
    run.summaries.push_back(summarize(run, method.name));
  }
  return run;
}

TEST(Table, TextIsAligned) {
  const Table table{{"name", "n"}, {{"a", "1"}, {"longer", "22"}, {"mean", "3"}}, 1};
  EXPECT_EQ(text_table(table),
            "name     n\n"
            "------  --\n"
            "a        1\n"
            "longer  22\n"
            "------  --\n"
            "mean     3\n");
}

TEST(Table, WidthCountsCharactersNotBytes) {
  const Table table{{"d", "n"}, {{"\xc3\xa9t\xc3\xa9", "1"}, {"abcd", "2"}}};
  EXPECT_NE(text_table(table).find("\xc3\xa9t\xc3\xa9   1\n"), std::string::npos);
}

TEST(Table, MarkdownEscapesBars) {
  const Table table{{"name", "n"}, {{"a|b\nc", "1"}}};
  EXPECT_EQ(markdown_table(table), "| name | n |\n|---|---:|\n| a\\|b c | 1 |\n");
}

TEST(AccuracyTable, DomainsThenMean) {
  const Table table = accuracy_table(make_run(), {true});
  const std::vector<std::vector<std::string>> rows{{"fog", "50.0", "75.0", "+25.0"},
                                                   {"snow", "25.0", "25.0", "0.0"},
                                                   {"mean", "37.5", "50.0", "+12.5"}};
  EXPECT_EQ(table.columns, (std::vector<std::string>{"domain", "noadapt", "zoa", "gain"}));
  EXPECT_EQ(table.rows, rows);
}

TEST(AccuracyTable, UnknownLabelsAreADash) {
  zoa::Run run = make_run();
  for (BatchRecord& record : run.batches) {
    record.labeled = 0;
    record.correct.reset();
  }
  run.summaries = {summarize(run, "noadapt")};
  EXPECT_EQ(accuracy_table(run).rows.back(), (std::vector<std::string>{"mean", "-"}));
}

TEST(CostTable, RatioToTheFirstMethod) {
  const Table table = cost_table(make_run());
  EXPECT_EQ(table.rows[1], (std::vector<std::string>{"zoa", "2.00", "17.0", "1.70"}));
  EXPECT_EQ(cost_table(make_run(), false).columns.size(), 2U);
}

TEST(Texts, PointsHaveASign) {
  EXPECT_EQ(points_text(0.044), "+4.4");
  EXPECT_EQ(points_text(-0.1), "-10.0");
  EXPECT_EQ(points_text(-0.0001), "0.0");
  EXPECT_EQ(percent_text(std::nullopt), "-");
}

}  // namespace
}  // namespace zoa
