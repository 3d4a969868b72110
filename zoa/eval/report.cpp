// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "zoa/core/version.h"
#include "zoa/eval/html.h"
#include "zoa/eval/page.h"
#include "zoa/eval/report_plot.h"
#include "zoa/eval/table.h"

namespace zoa {
namespace {

using detail::coordinate;
using detail::escape_html;
using detail::write_tile;

std::string number_html(std::string text) {
  if (!text.empty() && text.front() == '-' && text.size() > 1) {
    text.replace(0, 1, "&minus;");
  }
  return text;
}

const char* sign_class(double difference) {
  const double rounded = std::round(difference * 1000);
  return rounded > 0 ? "up" : rounded < 0 ? "down" : "";
}

std::string method_label(const std::string& method) {
  return method == "noadapt" ? "without adaptation" : "with " + method;
}

std::optional<double> gain_of(const std::optional<double>& first,
                              const std::optional<double>& last) {
  return first && last ? std::optional(*last - *first) : std::nullopt;
}

void write_tiles(std::ostream& page, const Run& run) {
  page << "<div class=\"tiles\">\n";
  for (const MethodSummary& method : run.summaries) {
    write_tile(page, "k" + std::to_string(detail::series_of(run, method.method)),
               method.top1 ? percent_text(method.top1) + " %" : "&ndash;",
               method_label(method.method));
  }
  const MethodSummary& first = run.summaries.front();
  const MethodSummary& last = run.summaries.back();
  if (const auto gain = gain_of(first.top1, last.top1); gain && run.summaries.size() > 1) {
    write_tile(page, sign_class(*gain), number_html(points_text(*gain)),
               *gain < 0 ? "points lost" : "points gained");
    if (first.ms_median > 0) {
      write_tile(page, "", fixed_text(last.ms_median / first.ms_median, 2) + "&times;",
                 "time of a plain pass");
    }
  }
  page << "</div>\n";
}

// A bar to the right of the zero line for a gain, to the left for a loss.
std::string difference_bar(double difference, double most) {
  constexpr double kHalf = 70;
  const double width = most > 0 ? std::abs(difference) / most * kHalf : 0;
  const double left = difference < 0 ? kHalf + 1 - width : kHalf + 1;
  return "<svg class=\"bar\" viewBox=\"0 0 142 14\" aria-hidden=\"true\"><rect class=\"" +
         std::string(sign_class(difference)) + "\" x=\"" + coordinate(left) +
         "\" y=\"2\" width=\"" + coordinate(width) +
         "\" height=\"10\" rx=\"1\"/><line class=\"zero\" x1=\"71\" x2=\"71\" y1=\"0\" "
         "y2=\"14\"/></svg>";
}

void write_accuracy_row(std::ostream& page,
                        const std::string& name,
                        const std::vector<std::optional<double>>& values,
                        double most) {
  page << "<td>" << escape_html(name) << "</td>";
  for (const auto& value : values) {
    page << "<td>" << (value ? percent_text(value) : "&ndash;") << "</td>";
  }
  if (values.size() > 1) {
    const auto gain = gain_of(values.front(), values.back());
    page << "<td class=\"" << (gain ? sign_class(*gain) : "") << "\">"
         << (gain ? number_html(points_text(*gain)) : "&ndash;") << "</td><td class=\"bar\">"
         << (gain ? difference_bar(*gain, most) : "") << "</td>";
  }
  page << "</tr>\n";
}

std::vector<std::optional<double>> domain_values(const Run& run, std::size_t domain) {
  std::vector<std::optional<double>> values;
  values.reserve(run.summaries.size());
  for (const MethodSummary& method : run.summaries) {
    values.push_back(domain < method.domains.size() ? method.domains[domain].top1() : std::nullopt);
  }
  return values;
}

void write_accuracy(std::ostream& page, const Run& run) {
  page << "<h3>Top-1 accuracy per domain, in percent</h3>\n<div class=\"scroll\"><table>\n"
          "<thead><tr><th>domain</th>";
  std::vector<std::optional<double>> means;
  means.reserve(run.summaries.size());
  for (const MethodSummary& method : run.summaries) {
    page << "<th>" << escape_html(method_label(method.method)) << "</th>";
    means.push_back(method.top1);
  }
  page << (run.summaries.size() > 1 ? "<th>difference</th><th class=\"bar\"></th>" : "")
       << "</tr></thead>\n<tbody>\n";
  double most = 0;
  for (std::size_t i = 0; i < run.header.domains.size(); ++i) {
    const auto values = domain_values(run, i);
    most = std::max(most, std::abs(gain_of(values.front(), values.back()).value_or(0)));
  }
  for (std::size_t i = 0; i < run.header.domains.size(); ++i) {
    page << "<tr>";
    write_accuracy_row(page, run.header.domains[i], domain_values(run, i), most);
  }
  page << "<tr class=\"mean\">";
  write_accuracy_row(page, "mean", means, most);
  page << "</tbody></table></div>\n";
}

void write_cost(std::ostream& page, const Run& run) {
  const Table table = cost_table(run, run.summaries.front().ms_median > 0);
  page << "<h3>Cost</h3>\n<div class=\"scroll\"><table class=\"cost\">\n<thead><tr>";
  for (const std::string& column : table.columns) {
    page << "<th>"
         << (column == "ms/batch" ? "ms per batch (median)"
             : column == "ratio"  ? "ratio"
             : column == "method" ? "method"
                                  : "passes per batch")
         << "</th>";
  }
  page << "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    page << "<tr>";
    for (const std::string& cell : row) {
      page << "<td>" << escape_html(cell) << "</td>";
    }
    page << "</tr>\n";
  }
  page << "</tbody></table></div>\n";
}

void write_plot(std::ostream& page, const Run& run) {
  const std::string plot = detail::stream_plot(run);
  if (plot.empty()) {
    page << "<p class=\"note\">No labels are known, so there is no accuracy to plot.</p>\n";
    return;
  }
  page << "<h3>Accuracy over the stream</h3>\n<div class=\"scroll\">" << plot
       << "</div>\n<p class=\"note\">Dots are single batches; lines are means over up to "
       << detail::smoothing_window(run)
       << " neighbouring batches of the same domain. The method is not told where a domain "
          "begins.</p>\n";
}

std::string options_text(const std::vector<OptionText>& options) {
  std::string text;
  for (const OptionText& option : options) {
    text += (text.empty() ? "" : ", ") + option.name + " " + option.value;
  }
  return text.empty() ? "none" : text;
}

void write_details(std::ostream& page, const Run& run) {
  const RunHeader& header = run.header;
  const auto add = [&](const std::string& name, const std::string& value) {
    page << "<dt>" << escape_html(name) << "</dt><dd>" << escape_html(value) << "</dd>\n";
  };
  page << "<details><summary>Everything about this run</summary>\n<dl>\n";
  add("network",
      header.model + ", " + header.family + ", " + header.bits + ", hash " + header.model_hash);
  add("int8",
      std::to_string(header.quantized) + " of " + std::to_string(header.products) + " products");
  add("preprocessing", header.preprocess);
  const auto images = std::accumulate(header.images.begin(), header.images.end(), std::size_t{0});
  add("data", header.data + ", " + std::to_string(images) + " images in " +
                  std::to_string(header.domains.size()) + " domains, hash " + header.data_hash);
  add("protocol", options_text(header.options));
  for (const MethodFacts& method : header.methods) {
    add("options of " + method.name, options_text(method.options));
  }
  for (const MethodSummary& method : run.summaries) {
    if (method.skipped > 0) {
      add("left out with " + method.method,
          std::to_string(method.skipped) + " images that could not be decoded");
    }
  }
  page << "</dl></details>\n";
}

void write_run(std::ostream& page, const Run& run) {
  page << "<section>\n<h2>" << escape_html(run.header.model) << " <span class=\"soft\">"
       << escape_html(run.header.bits) << "</span></h2>\n";
  if (run.summaries.empty()) {
    page << "<p>The run ended before its first batch.</p></section>\n";
    return;
  }
  const bool partial = std::any_of(run.summaries.begin(), run.summaries.end(),
                                   [](const MethodSummary& m) { return !m.complete; });
  if (partial) {
    page << "<p class=\"note\">Interrupted: the figures cover the batches up to there.</p>\n";
  }
  write_tiles(page, run);
  write_plot(page, run);
  write_accuracy(page, run);
  write_cost(page, run);
  if (!run.header.command.empty()) {
    page << "<h3>Repeat it</h3>\n<pre>" << escape_html(run.header.command) << "</pre>\n";
  }
  write_details(page, run);
  page << "</section>\n";
}

std::string default_title(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  for (const Run& run : runs) {
    if (std::find(names.begin(), names.end(), run.header.model) == names.end()) {
      names.push_back(run.header.model);
    }
  }
  std::string title = "Test-time adaptation of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    title += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return title;
}

void write_machine(std::ostream& page, const RunHeader& header) {
  if (!header.machine.cpu.empty()) {
    page << "<p class=\"soft\">" << escape_html(header.machine.cpu) << " &middot; "
         << escape_html(header.machine.isa) << " &middot; " << header.machine.threads
         << (header.machine.threads == 1 ? " thread" : " threads") << " &middot; "
         << escape_html(header.runtime) << "</p>\n";
  }
}

}  // namespace

std::string gain_sentence(const Run& run) {
  const std::string name = run.header.model + " (" + run.header.bits + "): ";
  if (run.summaries.empty()) {
    return name + "no batch was run";
  }
  const MethodSummary& first = run.summaries.front();
  const MethodSummary& last = run.summaries.back();
  if (!first.top1 || !last.top1) {
    return name + "no labels, so no accuracy";
  }
  const std::size_t domains = run.header.domains.size();
  const std::string over =
      domains == 1 ? "" : " (mean over " + std::to_string(domains) + " domains)";
  const std::string start = name + percent_text(first.top1) + " % " + method_label(first.method);
  if (run.summaries.size() == 1) {
    return start + over;
  }
  return start + ", " + percent_text(last.top1) + " % " + method_label(last.method) + ", " +
         points_text(*last.top1 - *first.top1) + " points" + over;
}

std::string html_report(const std::vector<Run>& runs, const ReportOptions& options) {
  const std::string title = options.title.empty() ? default_title(runs) : options.title;
  std::ostringstream page;
  detail::write_page_head(page, title);
  page << "<h1>" << escape_html(title) << "</h1>\n";
  for (const Run& run : runs) {
    page << "<p class=\"lead\">" << escape_html(gain_sentence(run)) << ".</p>\n";
  }
  if (!runs.empty()) {
    write_machine(page, runs.front().header);
  }
  if (!options.command.empty()) {
    page << "<p class=\"note\">The whole page again:</p>\n<pre>" << escape_html(options.command)
         << "</pre>\n";
  }
  for (const Run& run : runs) {
    write_run(page, run);
  }
  page << "<footer>Made by zoa " << kVersion
       << ". Accuracy is top-1; the mean gives each domain the same weight. The parameters of a "
          "method change only between batches: no answer waits for its update, no label is "
          "read.</footer>\n</main>\n</body>\n</html>\n";
  return page.str();
}

}  // namespace zoa
