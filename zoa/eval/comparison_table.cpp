// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/comparison_table.h"

#include <algorithm>
#include <numeric>

namespace zoa {
namespace {

// Passes of a method over all networks: one number where they agree.
std::string passes_on(const Comparison& comparison, const std::string& label) {
  std::vector<std::string> texts;
  for (const ComparisonNetwork& network : comparison.networks) {
    if (const ComparisonRow* row = find_row(network, label)) {
      const std::string text = passes_text(row->pass_equivalents);
      if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
        texts.push_back(text);
      }
    }
  }
  std::string joined;
  for (const std::string& text : texts) {
    joined += (joined.empty() ? "" : " / ") + text;
  }
  return joined;
}

std::string marked_label(const ComparisonRow& row) {
  return row.complete ? row.label : row.label + " (partial)";
}

std::string seeds_text(const Comparison& comparison) {
  std::vector<std::string> first;
  bool equal = true;
  for (const ComparisonNetwork& network : comparison.networks) {
    for (const ComparisonRow& row : network.rows) {
      std::vector<std::string> seeds = row.seeds;
      std::sort(seeds.begin(), seeds.end());  // shards come in any order
      first = first.empty() ? seeds : first;
      equal = equal && seeds == first;
    }
  }
  if (!equal) {
    return "different numbers of seeds";
  }
  std::string text;
  for (const std::string& seed : first) {
    text += (text.empty() ? "" : ", ") + seed;
  }
  return first.size() == 1 ? "seed " + text
                           : std::to_string(first.size()) + " seeds (" + text + ")";
}

template <class F>
bool any_row(const ComparisonNetwork& network, F&& has) {
  return std::any_of(network.rows.begin(), network.rows.end(), has);
}

using Column = std::pair<std::string, std::string (*)(const ComparisonRow&)>;

std::string points_over(const ComparisonRow& row, const ComparisonRow& base) {
  return row.top1 && base.top1 ? points_text(row.top1->mean - base.top1->mean) : "-";
}

// Nats; their spread is of no use in a table.
std::string mean_text(const std::optional<MeanSd>& value) {
  return value ? fixed_text(value->mean, 3) : "-";
}

std::vector<Column> figure_columns(const ComparisonNetwork& network) {
  std::vector<Column> columns;
  const auto add = [&](const char* title, auto has, std::string (*text)(const ComparisonRow&)) {
    if (any_row(network, has)) {
      columns.emplace_back(title, text);
    }
  };
  using Row = ComparisonRow;
  add(
      "ECE, %", [](const Row& r) { return r.ece.has_value(); },
      [](const Row& r) { return spread_text(r.ece, 100, 1); });
  add(
      "mCE, %", [](const Row& r) { return r.mce.has_value(); },
      [](const Row& r) { return spread_text(r.mce, 100, 1); });
  add(
      "entropy", [](const Row& r) { return r.entropy.has_value(); },
      [](const Row& r) { return mean_text(r.entropy); });
  add(
      "loss", [](const Row& r) { return r.loss.has_value(); },
      [](const Row& r) { return mean_text(r.loss); });
  add(
      "passes", [](const Row&) { return true; },
      [](const Row& r) { return passes_text(r.pass_equivalents); });
  add(
      "ms", [](const Row& r) { return r.ms > 0; },
      [](const Row& r) { return r.ms > 0 ? fixed_text(r.ms, 1) : "-"; });
  add(
      "peak MB", [](const Row& r) { return r.rss_mb.has_value(); },
      [](const Row& r) { return r.rss_mb ? fixed_text(*r.rss_mb, 0) : "-"; });
  return columns;
}

}  // namespace

std::string spread_text(const std::optional<MeanSd>& value, double scale, int digits) {
  if (!value) {
    return "-";
  }
  const std::string mean = fixed_text(value->mean * scale, digits);
  return value->sd ? mean + " \u00b1 " + fixed_text(*value->sd * scale, digits) : mean;
}

std::string passes_text(double passes) {
  std::string text = fixed_text(passes, 2);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

Table results_table(const Comparison& comparison) {
  Table table{{"method", "passes"}, {}, 0, 1};
  for (const ComparisonNetwork& network : comparison.networks) {
    table.columns.push_back(network.label);
  }
  for (const std::string& label : row_labels(comparison)) {
    std::vector<std::string> cells{label, passes_on(comparison, label)};
    for (const ComparisonNetwork& network : comparison.networks) {
      const ComparisonRow* row = find_row(network, label);
      cells.push_back(row != nullptr
                          ? spread_text(row->top1, 100, 1) + (row->complete ? "" : " (partial)")
                          : "-");
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table figures_table(const ComparisonNetwork& network) {
  const std::vector<Column> columns = figure_columns(network);
  Table table{{"method", "top-1, %", "gain"}, {}, 0, 1};
  for (const Column& column : columns) {
    table.columns.push_back(column.first);
  }
  for (const ComparisonRow& row : network.rows) {
    std::vector<std::string> cells{marked_label(row), spread_text(row.top1, 100, 1),
                                   points_over(row, baseline_row(network))};
    for (const Column& column : columns) {
      cells.push_back(column.second(row));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table domain_table(const Comparison& comparison, const ComparisonNetwork& network) {
  Table table{{"method"}, {}, 0, 1};
  table.columns.insert(table.columns.end(), comparison.domains.begin(), comparison.domains.end());
  table.columns.emplace_back("mean");
  for (const ComparisonRow& row : network.rows) {
    std::vector<std::string> cells{marked_label(row)};
    for (const auto& domain : row.domains) {
      cells.push_back(spread_text(domain, 100, 1));
    }
    cells.push_back(spread_text(row.top1, 100, 1));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table round_table(const Comparison& comparison, const ComparisonNetwork& network) {
  Table table{{"method"}, {}, 0, 1};
  for (const std::size_t round : comparison.rounds) {
    table.columns.push_back("round " + std::to_string(round));
  }
  for (const ComparisonRow& row : network.rows) {
    std::vector<std::string> cells{marked_label(row)};
    for (const auto& round : row.rounds) {
      cells.push_back(spread_text(round, 100, 1));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string protocol_text(const Comparison& comparison) {
  if (comparison.networks.empty()) {
    return "nothing";
  }
  const RunHeader& header = comparison.networks.front().header;
  const auto images = std::accumulate(header.images.begin(), header.images.end(), std::size_t{0});
  const std::size_t domains = header.domains.size();
  std::string text = std::to_string(domains) + (domains == 1 ? " domain, " : " domains, ") +
                     std::to_string(images) + " images, " + seeds_text(comparison);
  for (const OptionText& option : header.options) {
    const bool told = option.name == "seed" || option.name == "order_seed" ||
                      option.name == "threads" || option.name == "shard" ||
                      (option.name == "limit" && option.value == "0");
    if (!told && !option.value.empty()) {
      text += ", " + option.name + " " + option.value;
    }
  }
  return text;
}

}  // namespace zoa
