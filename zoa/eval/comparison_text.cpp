// SPDX-License-Identifier: Apache-2.0
// A comparison as a Markdown document and as CSV.
#include <algorithm>
#include <sstream>

#include "zoa/eval/comparison_table.h"

namespace zoa {
namespace {

// Every distinct command with the rows that it repeats.
std::vector<std::pair<std::string, std::string>> commands_of(const ComparisonNetwork& network) {
  std::vector<std::pair<std::string, std::string>> commands;
  for (const ComparisonRow& row : network.rows) {
    for (const std::string& command : row.commands) {
      const auto found = std::find_if(commands.begin(), commands.end(),
                                      [&](const auto& c) { return c.second == command; });
      if (found == commands.end()) {
        commands.emplace_back(row.label, command);
      }
    }
  }
  return commands;
}

void write_network(std::ostream& out,
                   const Comparison& comparison,
                   const ComparisonNetwork& network) {
  out << "\n## " << network.label << "\n\n" << markdown_table(figures_table(network));
  out << "\nTop-1 accuracy per domain, in percent:\n\n"
      << markdown_table(domain_table(comparison, network));
  if (comparison.rounds.size() > 1) {
    out << "\nTop-1 accuracy per round, in percent, mean over the domains:\n\n"
        << markdown_table(round_table(comparison, network));
  }
  out << "\nEach row again:\n\n```\n";
  for (const auto& [label, command] : commands_of(network)) {
    out << command << "\n";
  }
  out << "```\n";
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string cell = "\"";
  for (const char c : text) {
    cell += c == '"' ? "\"\"" : std::string(1, c);
  }
  return cell + "\"";
}

std::string csv_number(const std::optional<double>& value) {
  return value ? fixed_text(*value, 6) : "";
}

void add_spread(std::vector<std::string>& cells, const std::optional<MeanSd>& value) {
  cells.push_back(csv_number(value ? std::optional(value->mean) : std::nullopt));
  cells.push_back(csv_number(value ? value->sd : std::nullopt));
}

void write_csv_line(std::ostream& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out << (i > 0 ? "," : "") << csv_cell(cells[i]);
  }
  out << "\n";
}

std::vector<std::string> csv_titles(const Comparison& comparison) {
  std::vector<std::string> titles{"model",   "hash",  "bits",    "method",
                                  "options", "seeds", "complete"};
  const auto add = [&](const std::string& name) {
    titles.push_back(name);
    titles.push_back(name + "_sd");
  };
  for (const char* name : {"top1", "ece", "entropy", "loss", "mce"}) {
    add(name);
  }
  for (const char* name : {"passes", "pass_equivalents", "ms", "rss_mb", "images", "skipped"}) {
    titles.emplace_back(name);
  }
  for (const std::string& domain : comparison.domains) {
    add("domain:" + domain);
  }
  for (const std::size_t round : comparison.rounds) {
    add("round:" + std::to_string(round));
  }
  return titles;
}

std::string options_text(const std::vector<OptionText>& options) {
  std::string text;
  for (const OptionText& option : options) {
    text += (text.empty() ? "" : " ") + option.name + "=" + option.value;
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::vector<std::string> csv_cells(const RunHeader& header, const ComparisonRow& row) {
  std::vector<std::string> cells{header.model,
                                 header.model_hash,
                                 header.bits,
                                 row.method,
                                 options_text(row.options),
                                 joined(row.seeds),
                                 row.complete ? "true" : "false"};
  for (const auto& value : {row.top1, row.ece, row.entropy, row.loss, row.mce}) {
    add_spread(cells, value);
  }
  cells.push_back(csv_number(row.passes));
  cells.push_back(csv_number(row.pass_equivalents));
  cells.push_back(row.ms > 0 ? fixed_text(row.ms, 3) : "");
  cells.push_back(row.rss_mb ? fixed_text(*row.rss_mb, 1) : "");
  cells.push_back(std::to_string(row.images));
  cells.push_back(std::to_string(row.skipped));
  for (const auto& values : {row.domains, row.rounds}) {
    for (const auto& value : values) {
      add_spread(cells, value);
    }
  }
  return cells;
}

}  // namespace

std::string markdown_report(const Comparison& comparison) {
  std::ostringstream out;
  out << "Top-1 accuracy in percent, mean over the domains (each with the same weight), with the "
         "sample standard deviation over the seeds where there are several. Passes are full "
         "forward passes per batch, a pass of a part counts its share; ms the median per "
         "batch.\n\nProtocol: "
      << protocol_text(comparison) << ".\n\n";
  for (const std::string& line : comparison.unlike) {
    out << "Unlike rows: " << line << "\n\n";
  }
  out << markdown_table(results_table(comparison));
  for (const ComparisonNetwork& network : comparison.networks) {
    write_network(out, comparison, network);
  }
  return out.str();
}

std::string csv_report(const Comparison& comparison) {
  std::ostringstream out;
  write_csv_line(out, csv_titles(comparison));
  for (const ComparisonNetwork& network : comparison.networks) {
    for (const ComparisonRow& row : network.rows) {
      write_csv_line(out, csv_cells(network.header, row));
    }
  }
  return out.str();
}

}  // namespace zoa
