// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/quantize_report.h"

#include <regex>

#include <gtest/gtest.h>

namespace zoa {
namespace {

constexpr char kHostile[] = "<script>alert('x')</script>\" onload=\"y&";

QuantizedLayer make_layer(const std::string& name, double divergence) {
  QuantizedLayer layer;
  layer.name = name;
  layer.kind = "linear";
  layer.quantized = true;
  layer.weight_bits = 4;
  layer.activation_bits = 8;
  layer.divergence = divergence;
  return layer;
}

// Four layers, the third not quantizable; the second is the worst and was raised.
QuantizePage make_page(const std::string& name) {
  QuantizePage page;
  page.model = name;
  page.command = "zoa quantize " + name;
  page.runtime = name;
  page.options = {{"calib_file", "text", name, "", 0, 0}};
  page.summary.weight_bits = 4;
  page.summary.activation_bits = 8;
  page.summary.calibration = page.summary.cpu = page.summary.isa = name;
  QuantizeReport& report = page.report;
  report.layers = {make_layer(name + "a/WithoutBiases", 0.01), make_layer(name + "b", 0.02),
                   make_layer(name + "c", -1), make_layer(name + "d", 0.001)};
  report.layers[2].quantized = false;
  report.layers[2].reason = name;
  report.sensitivity.ranking = {{1, 0.02, "w4a8", "w8a8", false},
                                {0, 0.01, "w4a8", "w4a8", true},
                                {3, 0.001, "w4a8", "float", false}};
  report.sensitivity.measure = "changed answers";
  report.sensitivity.drop_images = 300;
  report.sensitivity.max_drop = 0.01;
  report.sensitivity.drop_planned = 0.026;
  report.sensitivity.drop = 0.009;
  report.sensitivity.raised = 1;
  report.sensitivity.trials = {{0, 0, 0.026}, {1, 0, 0.009}};
  return page;
}

std::size_t count(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), regex), {}));
}

TEST(QuantizeReport, SaysTheDropInOneLine) {
  SensitivityReport found = make_page("m").report.sensitivity;
  EXPECT_EQ(drop_line(found),
            "drop: 2.6 -> 0.9 points (changed answers on 300 calibration images), 1 layer at 8 "
            "bits, 0 float");
  EXPECT_EQ(drop_warning(found), "");
  found.met = false;
  EXPECT_NE(drop_warning(found).find("0.9 points, more than the 1.0 asked for"), std::string::npos);
  found.max_drop = 0;
  EXPECT_EQ(drop_line(found), "drop: 2.6 points (changed answers on 300 calibration images)");
}

TEST(QuantizeReport, TheRankingStopsWhereAsked) {
  const Table table = ranking_table(make_page("m").report, 2);
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"mb", "linear", "w8a8 (was w4a8)", "0.02"}));
  EXPECT_EQ(table.rows[1], (std::vector<std::string>{"ma", "linear", "w4a8 (rule)", "0.01"}));
}

TEST(QuantizeReport, ABarAndARowPerLayerColouredByFate) {
  const std::string page = quantize_html(make_page("m"));
  EXPECT_EQ(count(page, "<rect class=\"column\""), 4U);
  EXPECT_EQ(count(page, "<tr><td><i class=\"k \\w+\"></i>[1-4]</td><td>m[abcd]</td>"), 4U);
  for (const char* colour : {"f0", "f2", "f3", "f4"}) {  // a bar and its legend
    EXPECT_EQ(count(page, "<rect class=\"" + std::string(colour) + "\""), 2U) << colour;
  }
  EXPECT_EQ(count(page, ">raised to 8 bits \\(1\\)<"), 1U);
  EXPECT_EQ(count(page, ">as planned \\("), 0U) << "no layer is, so the legend has no such line";
}

double bar_height(const std::string& plot, const std::string& layer) {
  const std::regex bar(layer +
                       " \\(linear\\).*?</title>.*?<rect class=\"f\\d\"[^>]* height=\"([\\d.]+)\"");
  std::smatch match;
  return std::regex_search(plot, match, bar) ? std::stod(match[1]) : -1;
}

TEST(QuantizeReport, HeightsAreLinearUntilTheSpreadIsTooLarge) {
  QuantizePage page = make_page("m");
  std::string plot = detail::divergence_plot(detail::layer_rows(page.report));
  EXPECT_NEAR(bar_height(plot, "mb") / bar_height(plot, "ma"), 2, 0.01);
  EXPECT_LT(bar_height(plot, "mc"), 2);
  page.report.layers[1].divergence = 10;  // a thousand times the middle one
  plot = detail::divergence_plot(detail::layer_rows(page.report));
  EXPECT_GT(bar_height(plot, "ma"), 0.1 * bar_height(plot, "mb"));
  EXPECT_GT(bar_height(plot, "ma"), bar_height(plot, "md"));
  EXPECT_LE(bar_height(plot, "mb"), 250);
}

TEST(QuantizeReport, NothingToDrawIsDrawnWithoutNumbersThatAreNone) {
  QuantizePage page = make_page("m");
  for (auto& layer : page.report.layers) {
    layer.divergence = 0;
  }
  const std::string plot = detail::divergence_plot(detail::layer_rows(page.report));
  EXPECT_EQ(count(plot, "nan|inf"), 0U);
  page.report.sensitivity = {};
  EXPECT_EQ(count(quantize_html(page), "<svg"), 0U);
  EXPECT_EQ(count(quantize_markdown(page), "drop:"), 0U);
}

TEST(QuantizeReport, HostileNamesAreEscaped) {
  QuantizePage page = make_page(kHostile);
  page.report.sensitivity.met = false;
  const std::string text = quantize_html(page);
  EXPECT_EQ(text.find("<script"), std::string::npos);
  EXPECT_EQ(count(text, "onload=\""), 0U);
  EXPECT_EQ(count(text, "https?://|src=|@import|url\\("), 0U);
}

TEST(QuantizeReport, MarkdownHasTheTableWithBars) {
  const std::string text = quantize_markdown(make_page("m"));
  EXPECT_EQ(count(text, "\\| 2 \\| mb \\|.*\\| ####"), 1U);
  EXPECT_EQ(count(text, "\n\\| [1-4] \\| m[abcd] "), 4U);
  EXPECT_NE(text.find("```\nzoa quantize m\n```"), std::string::npos);
}

}  // namespace
}  // namespace zoa
