// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/core/version.h"
#include "zoa/eval/comparison_table.h"
#include "zoa/eval/html.h"
#include "zoa/eval/page.h"
#include "zoa/eval/report_bank.h"
#include "zoa/eval/report_plot.h"
#include "zoa/eval/report_rounds.h"
#include "zoa/eval/report_scatter.h"
#include "zoa/eval/report_script.h"
#include "zoa/eval/report_series.h"
#include "zoa/eval/report_settings.h"
#include "zoa/eval/report_tables.h"

namespace zoa {
namespace {

using detail::escape_html;
using detail::SeriesTable;
using detail::write_tile;

constexpr std::size_t kLeastScattered = 3;  // two methods are compared by the tiles
constexpr std::size_t kMostLines = 7;       // drawn before the reader asks for more

std::string method_label(const std::string& method) {
  return method == "noadapt" ? "without adaptation" : "with " + method;
}

// The row with the best accuracy, the baseline if there is none.
const ComparisonRow& best_row(const ComparisonNetwork& network) {
  const ComparisonRow* best = &baseline_row(network);
  for (const ComparisonRow& row : network.rows) {
    if (row.top1 && (!best->top1 || row.top1->mean > best->top1->mean)) {
      best = &row;
    }
  }
  return *best;
}

// Of two rows the second, of more the best: what the sentence and the tiles compare with the first.
const ComparisonRow& shown_row(const ComparisonNetwork& network) {
  return network.rows.size() == 2 ? network.rows.back() : best_row(network);
}

std::string lead_sentence(const Comparison& comparison, const ComparisonNetwork& network) {
  const std::string name = network.header.model + " (" + network.header.bits + "): ";
  if (network.rows.empty()) {
    return name + "no batch was run";
  }
  const ComparisonRow& first = baseline_row(network);
  const ComparisonRow& shown = shown_row(network);
  if (!first.top1 || !shown.top1) {
    return name + "no labels, so no accuracy";
  }
  const std::size_t domains = comparison.domains.size();
  const std::string over =
      domains == 1 ? "" : " (mean over " + std::to_string(domains) + " domains)";
  const std::string start =
      name + spread_text(first.top1, 100, 1) + " % " + method_label(first.label);
  if (&first == &shown) {
    return start + (network.rows.size() > 1 ? ", which no method beats" : "") + over;
  }
  return start + ", " + spread_text(shown.top1, 100, 1) + " % " + method_label(shown.label) +
         (network.rows.size() > 2 ? ", the best of " + std::to_string(network.rows.size()) : "") +
         ", " + points_text(shown.top1->mean - first.top1->mean) + " points" + over;
}

void write_tiles(std::ostream& page, const ComparisonNetwork& network, const SeriesTable& series) {
  const ComparisonRow& first = baseline_row(network);
  const ComparisonRow& shown = shown_row(network);
  const auto accuracy = [&](const ComparisonRow& row) {
    write_tile(page, detail::series_class(series.number_of(row.label)),
               row.top1 ? percent_text(row.top1->mean) + " %" : "&ndash;", method_label(row.label));
  };
  page << "<div class=\"tiles\">\n";
  accuracy(first);
  if (&first != &shown) {
    accuracy(shown);
    if (first.top1 && shown.top1) {
      const double gain = shown.top1->mean - first.top1->mean;
      write_tile(page,
                 gain > 0   ? "up"
                 : gain < 0 ? "down"
                            : "",
                 detail::number_html(points_text(gain)),
                 gain < 0 ? "points lost" : "points gained");
    }
    if (first.ms > 0 && shown.ms > 0) {
      write_tile(page, "", fixed_text(shown.ms / first.ms, 2) + "&times;",
                 "time of " + first.label);
    }
  }
  page << "</div>\n";
}

// Boxes that show and hide lines. Of many methods only the first row and the best are shown at
// first.
void write_keys(std::ostream& page, const ComparisonNetwork& network, const SeriesTable& series) {
  std::vector<double> accuracies;
  accuracies.reserve(network.rows.size());
  for (const ComparisonRow& row : network.rows) {
    accuracies.push_back(row.top1 ? row.top1->mean : -1);
  }
  std::sort(accuracies.rbegin(), accuracies.rend());
  const bool many = accuracies.size() > kMostLines;
  const double least = many ? accuracies[kMostLines - 2] : -1;
  page << "<div class=\"keys\">";
  for (const ComparisonRow& row : network.rows) {
    const std::size_t number = series.number_of(row.label);
    const bool shown =
        !many || &row == &baseline_row(network) || (row.top1 && row.top1->mean >= least);
    page << "<label><input type=\"checkbox\" autocomplete=\"off\" class=\"t" << number << "\""
         << (shown ? " checked" : "") << ">" << detail::swatch(number) << escape_html(row.label)
         << "</label>";
  }
  page << "</div>\n";
}

void write_stream(std::ostream& page, const ComparisonNetwork& network, const SeriesTable& series) {
  const std::string plot = detail::stream_plot(network.stream, series);
  if (plot.empty()) {
    page << "<p class=\"note\">No labels are known, so there is no accuracy to plot.</p>\n";
    return;
  }
  const bool seeds = std::any_of(network.rows.begin(), network.rows.end(),
                                 [](const ComparisonRow& row) { return row.seeds.size() > 1; });
  const bool events = std::any_of(network.stream.batches.begin(), network.stream.batches.end(),
                                  [](const BatchRecord& record) { return record.changed; });
  page << "<h3>Accuracy over the stream</h3>\n";
  write_keys(page, network, series);
  page << "<div class=\"scroll\">" << plot
       << "</div>\n<p class=\"note\">Lines are means over up to "
       << detail::smoothing_window(network.stream) << " neighbouring batches of the same domain"
       << (seeds ? " and over the seeds" : "") << ". "
       << (network.rows.size() > kMostLines
               ? "Only the best methods are drawn at first; tick a name to see it. "
               : "")
       << (events ? "Below the axis: &#9652; the method saw a change of domain and put what it had "
                    "learnt into its bank, &#215; it gave up an entry"
                  : "")
       << (events && seeds ? " (first seed). "
           : events        ? ". "
                           : "")
       << "No method is told where a domain begins.</p>\n";
}

void write_costs(std::ostream& page, const ComparisonNetwork& network, const SeriesTable& series) {
  if (network.rows.size() < kLeastScattered) {
    return;
  }
  std::vector<double> passes;
  std::vector<double> times;
  passes.reserve(network.rows.size());
  times.reserve(network.rows.size());
  for (const ComparisonRow& row : network.rows) {
    passes.push_back(row.pass_equivalents);
    times.push_back(row.ms);
  }
  const std::string left = detail::cost_plot(network, passes, "passes per batch", series);
  const std::string right = detail::cost_plot(network, times, "ms per batch", series);
  if (left.empty() && right.empty()) {
    return;
  }
  page << "<h3>Accuracy against cost</h3>\n<div class=\"halves\">" << left << right
       << "</div>\n<p class=\"note\">The dashed line joins the methods that no other one beats at "
          "the same cost or less.</p>\n";
}

void write_banks(std::ostream& page, const ComparisonNetwork& network, const SeriesTable& series) {
  bool any = false;
  for (const ComparisonRow& row : network.rows) {
    const std::string plot =
        detail::bank_plot(network.stream, row.label, series.number_of(row.label));
    if (plot.empty()) {
      continue;
    }
    page << (any ? "" : "<h3>Which knowledge is reused when</h3>\n") << "<h4>"
         << detail::swatch(series.number_of(row.label)) << escape_html(row.label)
         << "</h4>\n<div class=\"scroll\">" << plot << "</div>\n";
    any = true;
  }
  if (any) {
    page << "<p class=\"note\">A line per entry of the bank, named after the domain of which it "
            "has seen most (in brackets the round); the stronger its colour, the larger its share "
            "of the parameters in use "
            "(square-root scale; the shares of a batch add up to one). First seed.</p>\n";
  }
}

void write_round_curve(std::ostream& page,
                       const Comparison& comparison,
                       const ComparisonNetwork& network,
                       const SeriesTable& series) {
  const std::string plot = detail::round_plot(comparison, network, series);
  if (!plot.empty()) {
    page << "<h3>Accuracy per round</h3>\n<div class=\"scroll\">" << plot << "</div>\n";
    detail::write_rounds(page, comparison, network, series);
  }
}

void write_network(std::ostream& page,
                   const Comparison& comparison,
                   const ComparisonNetwork& network,
                   const SeriesTable& series) {
  page << "<section>\n<h2>" << escape_html(network.header.model) << " <span class=\"soft\">"
       << escape_html(network.label.substr(network.header.model.size())) << "</span></h2>\n";
  if (network.rows.empty()) {
    page << "<p>The run ended before its first batch.</p></section>\n";
    return;
  }
  if (std::any_of(network.rows.begin(), network.rows.end(),
                  [](const ComparisonRow& row) { return !row.complete; })) {
    page << "<p class=\"note\">Interrupted: the figures of partial rows cover the batches up to "
            "there.</p>\n";
  }
  write_tiles(page, network, series);
  detail::write_figures(page, network, series);
  write_costs(page, network, series);
  write_stream(page, network, series);
  detail::write_domains(page, comparison, network, series);
  write_round_curve(page, comparison, network, series);
  write_banks(page, network, series);
  detail::write_rows_again(page, network, series);
  detail::write_facts(page, network);
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

void write_intro(std::ostream& page, const Comparison& comparison) {
  for (const ComparisonNetwork& network : comparison.networks) {
    page << "<p class=\"lead\">" << escape_html(lead_sentence(comparison, network)) << ".</p>\n";
  }
  if (comparison.networks.empty()) {
    return;
  }
  const RunHeader& header = comparison.networks.front().header;
  page << "<p class=\"soft\">" << escape_html(protocol_text(comparison)) << "</p>\n";
  if (!header.machine.cpu.empty()) {
    page << "<p class=\"soft\">" << escape_html(header.machine.cpu) << " &middot; "
         << escape_html(header.machine.isa) << " &middot; " << header.machine.threads
         << (header.machine.threads == 1 ? " thread" : " threads") << " &middot; "
         << escape_html(header.runtime) << "</p>\n";
  }
  if (!comparison.unlike.empty()) {
    page << "<div class=\"warning\"><p>These rows are not alike and should not be compared without "
            "care:</p><ul>\n";
    for (const std::string& line : comparison.unlike) {
      page << "<li>" << escape_html(line) << "</li>\n";
    }
    page << "</ul></div>\n";
  }
}

// What the columns mean; why there is no mCE where a reader could expect one.
void write_footer(std::ostream& page, const Comparison& comparison) {
  bool mce = false;
  bool imagenet_c = false;
  for (const ComparisonNetwork& network : comparison.networks) {
    imagenet_c = imagenet_c || network.header.data.rfind("imagenet-c:", 0) == 0;
    for (const ComparisonRow& row : network.rows) {
      mce = mce || row.mce.has_value();
    }
  }
  page
      << "<footer>Made by zoa " << kVersion
      << ". Accuracy is top-1; the mean gives each domain the same weight; &plusmn; is the sample "
         "standard deviation over the seeds. ECE has 15 bins. Entropy and loss in nats per image, "
         "of "
         "the network's own logits where a method corrects answers behind them; the loss is each "
         "method's own. Passes are full forward passes per batch, counted by the engine, a pass of "
         "a part as its share; ms is the median per batch; peak MB is that of the process, which "
         "methods of a "
         "run "
         "share. "
      << (mce          ? "mCE: errors relative to those of AlexNet as published with ImageNet-C. "
          : imagenet_c ? "No mCE: it needs all five severities of a corruption (--severity 1-5). "
                       : "")
      << "The parameters of a method change only between batches: no answer waits for its update, "
         "no "
         "label is read.</footer>\n";
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
  const Comparison comparison = compare_runs(runs);
  const SeriesTable series(comparison);
  std::ostringstream page;
  detail::write_page_head(page, title, detail::toggle_rules(series.size()),
                          detail::kReportScriptHash);
  page << "<h1>" << escape_html(title) << "</h1>\n";
  write_intro(page, comparison);
  if (!options.command.empty()) {
    page << "<p class=\"note\">The whole page again:</p>\n<pre>" << escape_html(options.command)
         << "</pre>\n";
  }
  detail::write_matrix(page, comparison, series);
  for (const ComparisonNetwork& network : comparison.networks) {
    write_network(page, comparison, network, series);
  }
  write_footer(page, comparison);
  page << "</main>\n<script>" << detail::kReportScript << "</script>\n</body>\n</html>\n";
  return page.str();
}

}  // namespace zoa
