// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/comparison.h"

#include <algorithm>

#include "zoa/eval/comparison_cells.h"
#include "zoa/eval/merged_stream.h"
#include "zoa/eval/unlike.h"

namespace zoa {
namespace {

using detail::NetworkCells;
using detail::RowCells;

constexpr std::size_t kMostLabelValue = 24;

std::vector<OptionText> settings_of(const ComparisonRow& row) {
  std::vector<OptionText> settings = row.options;
  settings.insert(settings.end(), row.protocol.begin(), row.protocol.end());
  return settings;
}

// Names of the settings in which rows of a method differ on one network.
std::vector<std::string> varying_settings(const std::vector<NetworkCells>& networks,
                                          const std::string& method) {
  std::vector<std::string> names;
  for (const NetworkCells& network : networks) {
    std::vector<OptionText> first;
    for (const auto& [row, cells] : network.rows) {
      if (row.method != method) {
        continue;
      }
      const std::vector<OptionText> settings = settings_of(row);
      first = first.empty() ? settings : first;
      for (std::size_t i = 0; i < settings.size() && i < first.size(); ++i) {
        const std::string& name = settings[i].name;
        if (settings[i].value != first[i].value &&
            std::find(names.begin(), names.end(), name) == names.end()) {
          names.push_back(name);
        }
      }
    }
  }
  // Numbers of images follow from other settings as a rule.
  if (names.size() > 1) {
    std::erase(names, "images");
  }
  return names;
}

void fill_labels(std::vector<NetworkCells>& networks) {
  for (NetworkCells& network : networks) {
    for (auto& [row, cells] : network.rows) {
      std::string differing;
      const std::vector<OptionText> settings = settings_of(row);
      for (const std::string& name : varying_settings(networks, row.method)) {
        const auto found = std::find_if(settings.begin(), settings.end(),
                                        [&](const OptionText& o) { return o.name == name; });
        if (found != settings.end()) {
          const std::string value = found->value.substr(0, kMostLabelValue);
          differing += (differing.empty() ? "" : ", ") + name + " " + value;
        }
      }
      row.label = differing.empty() ? row.method : row.method + " (" + differing + ")";
    }
  }
}

std::string network_label(const std::vector<NetworkCells>& networks, const RunHeader& header) {
  const std::string label = header.model + " " + header.bits;
  const auto same = std::count_if(networks.begin(), networks.end(), [&](const NetworkCells& n) {
    return n.first->header.model + " " + n.first->header.bits == label;
  });
  return same > 1 ? label + " #" + header.model_hash.substr(0, 6) : label;
}

void collect_names(Comparison& comparison, const std::vector<Run>& runs) {
  const auto add = [](auto& list, const auto& value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) {
      list.push_back(value);
    }
  };
  for (const Run& run : runs) {
    for (const std::string& domain : run.header.domains) {
      add(comparison.domains, domain);
    }
    for (const MethodSummary& summary : run.summaries) {
      for (const RoundScore& round : summary.rounds) {
        add(comparison.rounds, round.round);
      }
    }
  }
  std::sort(comparison.rounds.begin(), comparison.rounds.end());
}

void compare_order_seeds(const Comparison& comparison, std::vector<std::string>& unlike) {
  detail::ValueFiles values;
  for (const ComparisonNetwork& network : comparison.networks) {
    for (const ComparisonRow& row : network.rows) {
      std::vector<std::string> seeds = row.order_seeds;
      std::sort(seeds.begin(), seeds.end());
      seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
      std::string text;
      for (const std::string& seed : seeds) {
        text += (text.empty() ? "" : ",") + seed;
      }
      detail::note_value(values, text, row.label + " on " + network.label);
    }
  }
  if (values.size() > 1) {
    unlike.push_back(detail::difference_text("set of order seeds", values));
  }
}

}  // namespace

Comparison compare_runs(const std::vector<Run>& runs) {
  Comparison comparison;
  comparison.unlike = detail::protocol_differences(runs);
  collect_names(comparison, runs);
  std::vector<NetworkCells> networks = detail::collect_cells(runs, comparison.unlike);
  fill_labels(networks);
  for (NetworkCells& cells : networks) {
    ComparisonNetwork network;
    network.header = cells.first->header;
    network.label = network_label(networks, network.header);
    network.stream = detail::start_stream(network.header);
    for (RowCells& row : cells.rows) {
      detail::fill_accuracy(row, comparison);
      detail::fill_costs(row);
      std::vector<const Run*> seeds;
      seeds.reserve(row.cells.size());
      for (const detail::Cell& cell : row.cells) {
        seeds.push_back(cell.run);
      }
      detail::add_to_stream(network.stream, seeds, row.row.method, row.row.label);
      network.rows.push_back(std::move(row.row));
    }
    comparison.networks.push_back(std::move(network));
  }
  compare_order_seeds(comparison, comparison.unlike);
  return comparison;
}

const ComparisonRow* find_row(const ComparisonNetwork& network, const std::string& label) {
  const auto found = std::find_if(network.rows.begin(), network.rows.end(),
                                  [&](const ComparisonRow& row) { return row.label == label; });
  return found != network.rows.end() ? &*found : nullptr;
}

std::vector<std::string> row_labels(const Comparison& comparison) {
  std::vector<std::string> labels;
  for (const ComparisonNetwork& network : comparison.networks) {
    for (const ComparisonRow& row : network.rows) {
      if (std::find(labels.begin(), labels.end(), row.label) == labels.end()) {
        labels.push_back(row.label);
      }
    }
  }
  return labels;
}

const ComparisonRow& baseline_row(const ComparisonNetwork& network) {
  return network.rows.front();
}

}  // namespace zoa
