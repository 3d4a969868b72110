// SPDX-License-Identifier: Apache-2.0
// Runs of one or several files, put side by side: a row is a method with its options on a network,
// with mean and spread over the seeds. Tables and the page are made from this.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "zoa/eval/metrics.h"
#include "zoa/eval/record.h"

namespace zoa {

/// What a method brought on one network. Runs that differ only in seed or order_seed are one row.
struct ComparisonRow {
  std::string label;   ///< the method, with the options in which rows of that method differ
  std::string method;  ///< as --method takes it
  std::vector<OptionText> options;
  std::vector<OptionText> protocol;   ///< the same for all rows but for unlike ones
  std::vector<std::string> commands;  ///< repeat the row alone
  std::vector<std::string> seeds;     ///< "2020", or "2020/3" with an order seed that matters
  std::vector<std::string> order_seeds;
  bool complete = true;
  std::optional<MeanSd> top1;
  std::vector<std::optional<MeanSd>> domains;     ///< top-1, in the order of Comparison::domains
  std::vector<std::optional<MeanSd>> domain_ece;  ///< the same order
  std::vector<std::optional<MeanSd>> rounds;      ///< in the order of Comparison::rounds
  std::optional<MeanSd> ece, entropy, loss;
  std::optional<MeanSd> mce;        ///< see mce.h
  std::size_t mce_corruptions = 0;  ///< in mce
  double passes = 0;                ///< per batch, mean over the seeds
  double pass_equivalents = 0;      ///< the same
  double ms = 0;                    ///< per batch, median over the seeds of their medians; 0 = none
  std::optional<double> rss_mb;     ///< the most
  std::size_t images = 0;           ///< of one seed
  std::size_t skipped = 0;          ///< of all seeds
};

struct ComparisonNetwork {
  RunHeader header;                 ///< of its first run
  std::string label;                ///< "fashion-vit w8a8"
  std::vector<ComparisonRow> rows;  ///< noadapt first, then as they came
  /// The stream with the seeds taken together: right answers are sums over the seeds, everything
  /// else (bank, changes, times) is that of the first seed. Methods have the labels of the rows.
  Run stream;
};

struct Comparison {
  std::vector<ComparisonNetwork> networks;
  std::vector<std::string> domains;
  std::vector<std::size_t> rounds;
  /// In what the rows are unlike, one line each, with the files: other data, n, domains or
  /// protocol, other sets of order seeds, two results of the same run. Empty: the rows may share a
  /// table.
  std::vector<std::string> unlike;
};

Comparison compare_runs(const std::vector<Run>& runs);

/// The rows' row at a label; nullptr if the network has none.
const ComparisonRow* find_row(const ComparisonNetwork& network, const std::string& label);

/// Labels of all networks, each once.
std::vector<std::string> row_labels(const Comparison& comparison);

/// Against what a network's rows are held: noadapt, or the first row.
const ComparisonRow& baseline_row(const ComparisonNetwork& network);

/// The command of a run narrowed down to one of its methods and, where several are named, to the
/// run's own network. Commands that are not of 'zoa eval' come back as they are.
std::string row_command(const RunHeader& header, const std::string& method);

}  // namespace zoa
