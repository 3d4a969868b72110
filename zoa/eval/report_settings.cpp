// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_settings.h"

#include <numeric>
#include <ostream>

#include "zoa/eval/html.h"

namespace zoa::detail {
namespace {

std::string options_text(const std::vector<OptionText>& options) {
  std::string text;
  for (const OptionText& option : options) {
    if (!option.value.empty()) {
      text += (text.empty() ? "" : ", ") + option.name + " " + option.value;
    }
  }
  return text.empty() ? "none" : text;
}

std::string machine_text(const RunHeader& header) {
  const MachineFacts& machine = header.machine;
  const std::string threads = machine.threads == 1 ? " thread, " : " threads, ";
  return machine.cpu.empty() ? header.runtime
                             : machine.cpu + ", " + machine.isa + ", " +
                                   std::to_string(machine.threads) + threads + header.runtime;
}

}  // namespace

void write_rows_again(std::ostream& page,
                      const ComparisonNetwork& network,
                      const SeriesTable& series) {
  page
      << "<details class=\"again\"><summary>Settings of every method, and the command that repeats "
         "its row</summary>\n";
  for (const ComparisonRow& row : network.rows) {
    page << "<h4>" << swatch(series.number_of(row.label)) << escape_html(row.label)
         << "</h4>\n<p class=\"note\">" << escape_html(options_text(row.options)) << "; "
         << (row.seeds.size() == 1 ? "seed" : "seeds");
    for (std::size_t i = 0; i < row.seeds.size(); ++i) {
      page << (i == 0 ? " " : ", ") << escape_html(row.seeds[i]);
    }
    page << (row.skipped > 0 ? "; " + std::to_string(row.skipped) +
                                   " images left out, they could not be decoded"
                             : "")
         << "</p>\n";
    std::string commands;
    for (const std::string& command : row.commands) {
      commands += (commands.empty() ? "" : "\n") + escape_html(command);
    }
    if (!commands.empty()) {
      page << "<pre>" << commands << "</pre>\n";
    }
  }
  page << "</details>\n";
}

void write_facts(std::ostream& page, const ComparisonNetwork& network) {
  const RunHeader& header = network.header;
  const auto add = [&](const std::string& name, const std::string& value) {
    page << "<dt>" << escape_html(name) << "</dt><dd>" << escape_html(value) << "</dd>\n";
  };
  page << "<details><summary>Network, data, protocol</summary>\n<dl>\n";
  add("network",
      header.model + ", " + header.family + ", " + header.bits + ", hash " + header.model_hash);
  add("int8",
      std::to_string(header.quantized) + " of " + std::to_string(header.products) + " products");
  add("preprocessing", header.preprocess);
  const auto images = std::accumulate(header.images.begin(), header.images.end(), std::size_t{0});
  add("data", header.data + ", " + std::to_string(images) + " images in " +
                  std::to_string(header.domains.size()) + " domains, hash " + header.data_hash);
  add("protocol", options_text(header.options));
  add("machine", machine_text(header));
  page << "</dl></details>\n";
}

}  // namespace zoa::detail
