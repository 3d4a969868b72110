// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/quantize_report.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/core/version.h"
#include "zoa/eval/html.h"
#include "zoa/eval/page.h"
#include "zoa/eval/run.h"

namespace zoa {
namespace {

using detail::divergence_text;
using detail::escape_html;
using detail::LayerFate;
using detail::LayerRow;

constexpr char kStyle[] = R"css(
svg .column{fill:transparent}svg .bars g:hover .column{fill:var(--band)}
svg .bars text{fill:var(--fg)}
table.layers td:nth-child(n+2):nth-child(-n+3),table.layers th:nth-child(n+2):nth-child(-n+3),
table.layers td:nth-child(7),table.layers th:nth-child(7),
table.layers td:last-child,table.layers th:last-child{text-align:left}
table.layers td:nth-child(2){overflow-wrap:anywhere;white-space:normal;min-width:14rem}
table.layers{font-size:.875rem}table.layers th{font-size:.8rem}
table.layers td:last-child{white-space:normal;min-width:5.5rem;color:var(--soft);padding-right:0}
table.layers td:nth-child(7){white-space:normal}
table.layers td:first-child{color:var(--soft)}
i.k{display:inline-block;width:.6rem;height:.6rem;border-radius:2px;margin-right:.5rem}
i.planned{background:var(--m1)}i.raised{background:var(--m2)}i.float{background:var(--m4)}
i.ruled{background:var(--m3)}i.unmeasured{background:var(--m0)}
.warning{margin:1.25rem 0;border-left:3px solid var(--down);padding-left:.75rem;max-width:46rem}
)css";

const char* fate_class(LayerFate fate) {
  switch (fate) {
    case LayerFate::Planned: return "planned";
    case LayerFate::Raised: return "raised";
    case LayerFate::Float: return "float";
    case LayerFate::Ruled: return "ruled";
    case LayerFate::Unmeasured: break;
  }
  return "unmeasured";
}

std::string bits_cell(int bits) {
  return bits >= 32 ? "-" : std::to_string(bits);
}

std::string range_text(const QuantizedLayer& layer) {
  return layer.quantized
             ? fixed_text(layer.activation_low, 2) + " .. " + fixed_text(layer.activation_high, 2)
             : "-";
}

std::string extras_text(const QuantizedLayer& layer) {
  const std::string twin = layer.twin ? "twin" : "";
  return twin + (layer.twin && layer.equalized ? ", " : "") + (layer.equalized ? "equalized" : "");
}

Table layer_table(const std::vector<LayerRow>& rows) {
  Table table{{"#", "layer", "kind", "weight bits", "input bits", "input range", "extras",
               "divergence", "rank", "why"},
              {},
              0,
              3};
  for (const LayerRow& row : rows) {
    const QuantizedLayer& layer = *row.layer;
    table.rows.push_back({std::to_string(row.number), detail::layer_label(layer), layer.kind,
                          bits_cell(layer.weight_bits), bits_cell(layer.activation_bits),
                          range_text(layer), extras_text(layer),
                          row.rank > 0 ? divergence_text(layer.divergence) : "-",
                          row.rank > 0 ? std::to_string(row.rank) : "-", row.why});
  }
  return table;
}

void write_table(std::ostream& out, const std::vector<LayerRow>& rows) {
  const Table table = layer_table(rows);
  out << "<h3>Layers</h3>\n<div class=\"scroll\"><table class=\"layers\">\n<thead><tr>";
  for (const std::string& column : table.columns) {
    out << "<th>" << escape_html(column) << "</th>";
  }
  out << "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out << "<tr>";
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      out << "<td>";
      if (column == 0) {
        out << "<i class=\"k " << fate_class(rows[i].fate) << "\"></i>";
      }
      out << escape_html(table.rows[i][column]) << "</td>";
    }
    out << "</tr>\n";
  }
  out << "</tbody></table></div>\n";
}

std::string title_of(const QuantizePage& page) {
  return "Quantization of " + page.model;
}

std::string lead_of(const QuantizePage& page) {
  return page.model + " at " + bits_text(page.summary) + ": " +
         std::to_string(page.summary.quantized) + " of " + std::to_string(page.summary.products) +
         " layers and attention products are quantized.";
}

std::string measure_text(const SensitivityReport& found) {
  return found.measure == "accuracy"
             ? "Drop is the top-1 accuracy of the float network minus that of the quantized one, "
               "on " +
                   std::to_string(found.drop_images) + " labelled calibration images."
             : "Drop is the share of " + std::to_string(found.drop_images) +
                   " calibration images whose top-1 answer is another one than the float "
                   "network's: "
                   "accuracy on them cannot fall by more, and falls by less as a rule.";
}

std::string divergence_note(const SensitivityReport& found) {
  return "Divergence is the mean Kullback-Leibler divergence from the float network's answers to "
         "those with this one layer quantized as planned and all others float, on " +
         std::to_string(found.ranking_images) + " calibration images.";
}

void write_tiles(std::ostream& out, const SensitivityReport& found) {
  out << "<div class=\"tiles\">\n";
  const auto tile = [&](const char* key, double share, const std::string& label) {
    detail::write_tile(out, key, fixed_text(share * 100, 1), label);
  };
  if (found.max_drop <= 0) {
    tile("k1", found.drop, "points lost (" + found.measure + ")");
  } else {
    tile("k1", found.drop_planned, "points lost as planned (" + found.measure + ")");
    tile(found.met ? "up" : "down", found.drop,
         "points lost now, " + fixed_text(found.max_drop * 100, 1) + " allowed");
    detail::write_tile(out, "k2", std::to_string(found.raised), "layers raised to 8 bits");
    detail::write_tile(out, "k4", std::to_string(found.floats), "layers kept float");
  }
  out << "</div>\n";
}

Table trial_table(const SensitivityReport& found) {
  Table table{{"layers at 8 bits", "layers float", "points lost"}, {}, 0, 0};
  for (const SensitivityTrial& trial : found.trials) {
    table.rows.push_back({std::to_string(trial.raised), std::to_string(trial.floats),
                          fixed_text(trial.drop * 100, 1)});
  }
  return table;
}

void write_trials(std::ostream& out, const SensitivityReport& found) {
  if (found.trials.size() < 2) {
    return;
  }
  out << "<details><summary>Networks that the search tried</summary>\n<div class=\"scroll\">"
         "<table class=\"cost\">\n<thead><tr>";
  const Table table = trial_table(found);
  for (const std::string& column : table.columns) {
    out << "<th>" << column << "</th>";
  }
  out << "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out << "<tr><td>" << row[0] << "</td><td>" << row[1] << "</td><td>" << row[2] << "</td></tr>\n";
  }
  out << "</tbody></table></div></details>\n";
}

std::vector<std::pair<std::string, std::string>> facts_of(const QuantizePage& page) {
  const QuantizationSummary& summary = page.summary;
  std::string options;
  for (const OptionText& option : page.options) {
    options += (options.empty() ? "" : ", ") + option.name + " " +
               (option.value.empty() ? "-" : option.value);
  }
  return {
      {"network", page.model + ", " + bits_text(summary) +
                      (summary.reduced_range ? ", 7-bit weights where 8-bit ones saturate" : "")},
      {"calibration", summary.calibration + ", " + std::to_string(summary.calibration_images) +
                          " images, hash " + summary.calibration_hash},
      {"processor", summary.cpu + ", " + summary.isa},
      {"runtime", page.runtime},
      {"networks compiled and run", std::to_string(page.report.sensitivity.evaluations)},
      {"options", options}};
}

void write_facts(std::ostream& out, const QuantizePage& page) {
  if (!page.command.empty()) {
    out << "<h3>Repeat it</h3>\n<pre>" << escape_html(page.command) << "</pre>\n";
  }
  out << "<details open><summary>Everything about this network</summary>\n<dl>\n";
  for (const auto& [name, value] : facts_of(page)) {
    out << "<dt>" << escape_html(name) << "</dt><dd>" << escape_html(value) << "</dd>\n";
  }
  out << "</dl></details>\n";
}

// A bar of signs, as long as the divergence is large.
std::string sign_bar(double divergence, double most) {
  constexpr double kSigns = 24;
  const double share = most > 0 ? std::max(divergence, 0.0) / most : 0;
  return std::string(static_cast<std::size_t>(std::ceil(share * kSigns)), '#');
}

}  // namespace

std::string quantize_html(const QuantizePage& page) {
  const SensitivityReport& found = page.report.sensitivity;
  const auto rows = detail::layer_rows(page.report);
  std::ostringstream out;
  detail::write_page_head(out, title_of(page), kStyle);
  out << "<h1>" << escape_html(title_of(page)) << "</h1>\n<p class=\"lead\">"
      << escape_html(lead_of(page)) << "</p>\n<p class=\"soft\">" << escape_html(page.summary.cpu)
      << " &middot; " << escape_html(page.summary.isa) << " &middot; " << escape_html(page.runtime)
      << "</p>\n";
  if (found.measured()) {
    write_tiles(out, found);
    if (!found.met) {
      out << "<p class=\"warning\">Not met: " << escape_html(drop_warning(found)) << ".</p>\n";
    }
    out << "<p class=\"note\" style=\"margin-top:1.25rem\">" << measure_text(found) << "</p>\n"
        << "<h3>What quantizing each layer alone does to the answers</h3>\n<div class=\"scroll\">"
        << detail::divergence_plot(rows) << "</div>\n<p class=\"note\">" << divergence_note(found)
        << " The three worst carry their rank.</p>\n";
    write_trials(out, found);
  }
  write_table(out, rows);
  write_facts(out, page);
  out << "<footer>Made by zoa " << kVersion
      << ". Ranges, widths and drops come from the calibration images: check the result on images "
         "of its own with zoa eval.</footer>\n</main>\n</body>\n</html>\n";
  return out.str();
}

std::string quantize_markdown(const QuantizePage& page) {
  const SensitivityReport& found = page.report.sensitivity;
  std::ostringstream out;
  out << "# " << title_of(page) << "\n\n" << lead_of(page) << "\n\n";
  for (const auto& [name, value] : facts_of(page)) {
    out << "* " << name << ": " << value << "\n";
  }
  if (!page.command.empty()) {
    out << "\n```\n" << page.command << "\n```\n";
  }
  Table table = layer_table(detail::layer_rows(page.report));
  if (found.measured()) {
    out << "\n"
        << drop_line(found) << ". " << measure_text(found) << " " << divergence_note(found) << "\n"
        << (found.met ? "" : "\nNot met: " + drop_warning(found) + ".\n");
    const double most = page.report.layers[found.ranking.front().layer].divergence;
    table.columns.insert(table.columns.end() - 2, "bar");
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      table.rows[i].insert(table.rows[i].end() - 2,
                           sign_bar(page.report.layers[i].divergence, most));
    }
  }
  out << "\n" << markdown_table(table);
  if (found.trials.size() > 1) {
    out << "\nNetworks that the search tried:\n\n" << markdown_table(trial_table(found));
  }
  return out.str();
}

}  // namespace zoa
