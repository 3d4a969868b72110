// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report.h"

#include <regex>

#include <gtest/gtest.h>

#include "zoa/eval/html.h"
#include "zoa/eval/report_plot.h"

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
  EXPECT_EQ(page.find("<script"), std::string::npos);
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
  EXPECT_EQ(detail::stream_plot(run), "");
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

}  // namespace
}  // namespace zoa
