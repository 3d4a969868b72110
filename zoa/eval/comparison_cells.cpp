// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/comparison_cells.h"

#include <algorithm>
#include <numeric>

#include "zoa/eval/unlike.h"

namespace zoa::detail {
namespace {

std::string options_key(const std::vector<OptionText>& options) {
  std::string key;
  for (const OptionText& option : options) {
    key += option.name + "=" + option.value + "\n";
  }
  return key;
}

const MethodFacts* find_facts(const RunHeader& header, const std::string& method) {
  const auto found = std::find_if(header.methods.begin(), header.methods.end(),
                                  [&](const MethodFacts& m) { return m.name == method; });
  return found != header.methods.end() ? &*found : nullptr;
}

NetworkCells& network_of(std::vector<NetworkCells>& networks, const Run& run) {
  const auto found = std::find_if(networks.begin(), networks.end(), [&](const NetworkCells& n) {
    const RunHeader& header = n.first->header;
    return header.model_hash == run.header.model_hash && header.model == run.header.model &&
           header.bits == run.header.bits;
  });
  return found != networks.end() ? *found : networks.emplace_back(NetworkCells{&run, {}});
}

// Runs of another protocol are another row, so that no mean is taken over both.
RowCells& row_of(NetworkCells& network,
                 const MethodFacts& facts,
                 const std::vector<OptionText>& protocol) {
  const std::string key = options_key(facts.options) + options_key(protocol);
  for (RowCells& row : network.rows) {
    if (row.row.method == facts.name &&
        options_key(row.row.options) + options_key(row.row.protocol) == key) {
      return row;
    }
  }
  RowCells& row = network.rows.emplace_back();
  row.row.label = row.row.method = facts.name;
  row.row.options = facts.options;
  row.row.protocol = protocol;
  return row;
}

// Do two cells of the same seed tell the same, as far as the shorter one goes?
bool agree(const Cell& a, const Cell& b) {
  const auto of = [](const Cell& cell) {
    std::vector<const BatchRecord*> records;
    for (const BatchRecord& record : cell.run->batches) {
      if (record.method == cell.facts->name) {
        records.push_back(&record);
      }
    }
    return records;
  };
  const auto first = of(a);
  const auto second = of(b);
  const std::size_t common = std::min(first.size(), second.size());
  return std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(common),
                    second.begin(), [](const BatchRecord* x, const BatchRecord* y) {
                      return x->domain == y->domain && x->correct == y->correct;
                    });
}

// A run that is there twice counts once, the longer one: an interrupted one and its repetition.
void add_cell(RowCells& row, const Cell& cell, std::vector<std::string>& unlike) {
  const std::string seed = seed_of(cell.run->header);
  for (Cell& other : row.cells) {
    if (seed_of(other.run->header) != seed) {
      continue;
    }
    if (!agree(other, cell)) {
      unlike.push_back("two results of " + row.row.method + " on " + cell.run->header.model + " " +
                       cell.run->header.bits + ", seed " + seed + " (" + other.run->source +
                       " vs " + cell.run->source + ")");
    }
    if (cell.summary->images > other.summary->images) {
      other = cell;
    }
    return;
  }
  row.cells.push_back(cell);
}

void put_noadapt_first(std::vector<RowCells>& rows) {
  std::vector<RowCells> sorted;
  sorted.reserve(rows.size());
  for (const bool plain : {true, false}) {
    for (const RowCells& row : rows) {
      if ((row.row.method == "noadapt") == plain) {
        sorted.push_back(row);
      }
    }
  }
  rows = std::move(sorted);
}

// Did each cell see all that its header announces?
void fill_complete(RowCells& row) {
  row.row.complete = std::all_of(row.cells.begin(), row.cells.end(), [](const Cell& cell) {
    const RunHeader& header = cell.run->header;
    const std::size_t images =
        std::accumulate(header.images.begin(), header.images.end(), std::size_t{0});
    const std::size_t expected = images * std::stoul("0" + option_of(header, "rounds"));
    return cell.summary->complete &&
           (expected == 0 || cell.summary->images + cell.summary->skipped >= expected);
  });
}

}  // namespace

std::string seed_of(const RunHeader& header) {
  const std::string seed = option_of(header, "seed");
  return draws_order(header) ? seed + "/" + option_of(header, "order_seed") : seed;
}

std::vector<NetworkCells> collect_cells(const std::vector<Run>& runs,
                                        std::vector<std::string>& unlike) {
  std::vector<NetworkCells> networks;
  const std::vector<std::string> options = protocol_options(runs);
  for (const Run& run : runs) {
    const std::vector<OptionText> protocol = protocol_of(run.header, options);
    NetworkCells& network = network_of(networks, run);
    for (const MethodSummary& summary : run.summaries) {
      if (const MethodFacts* facts = find_facts(run.header, summary.method)) {
        add_cell(row_of(network, *facts, protocol), {&run, &summary, facts}, unlike);
      }
    }
  }
  for (NetworkCells& network : networks) {
    put_noadapt_first(network.rows);
    for (RowCells& row : network.rows) {
      fill_complete(row);
    }
  }
  return networks;
}

}  // namespace zoa::detail
