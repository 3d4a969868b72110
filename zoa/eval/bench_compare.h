// SPDX-License-Identifier: Apache-2.0
// Two outputs of 'zoa bench -o json' side by side: what got slower or faster from one to the other.
// Called by 'zoa bench --compare'.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoa/eval/record.h"
#include "zoa/eval/table.h"

namespace zoa {

/// A row of such a file, as far as it is compared.
struct BenchTime {
  std::string model;
  std::string method;
  std::size_t batch = 0;
  double step_ms = 0;
  std::optional<double> q1_ms;  ///< none in files of zoa 0.1
  std::optional<double> q3_ms;
};

struct BenchFile {
  std::string path;
  std::string zoa;      ///< version
  std::string runtime;  ///< e.g. "OpenVINO 2026.4.1-..."
  MachineFacts machine;
  std::optional<double> peak_rss_mb;
  std::vector<BenchTime> rows;
};

/// Throws  BadFile where the text is not what 'zoa bench -o json' prints for batches.
BenchFile parse_bench(const std::string& json, const std::string& where);

/// The same method and batch in both files.
struct BenchChange {
  std::string model;  ///< "A -> B" where the names differ
  std::string method;
  std::size_t batch = 0;
  double old_ms = 0;
  double new_ms = 0;
  double ratio = 0;            ///< of the medians, new to old
  std::optional<double> low;   ///< new q1 to old q3: repetitions of two runs have no pairs, so the
  std::optional<double> high;  ///< spread is that of the quartiles; high is new q3 to old q1
};

struct BenchChanges {
  std::vector<BenchChange> rows;
  std::size_t unmatched = 0;  ///< rows that only one of the files has
};

/// Files of one network each are compared whatever their networks are called; otherwise a row's
/// partner has its network's name too.
/// Throws  InvalidArgument where no row has a partner.
BenchChanges compare_benches(const BenchFile& before, const BenchFile& after);

Table change_table(const BenchChanges& changes);

/// What the two runs do not share (processor, instruction set, threads, versions), a line each.
std::vector<std::string> list_unlike(const BenchFile& before, const BenchFile& after);

/// {"changes": [...], "unmatched": ..., "unlike": [...]}
std::string change_json(const BenchChanges& changes, const std::vector<std::string>& unlike);

}  // namespace zoa
