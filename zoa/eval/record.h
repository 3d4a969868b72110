// SPDX-License-Identifier: Apache-2.0
// What an evaluation writes, one JSON object per line: first the run (what was run, on what, how to
// repeat it), then a record per batch, then a summary per method. A file that ends early is valid:
// every line stands for itself and the first one describes them all. docs/reference/records.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "zoa/core/options.h"
#include "zoa/eval/calibration.h"

namespace zoa {

/// Grows when a key changes its meaning or goes away; new keys do not count.
inline constexpr int kRecordSchema = 1;

/// BatchRecord::domain of a stream of several domains.
inline constexpr char kMixedDomain[] = "mixed";

/// What no result depends on; left out of the lines where timings are (RecordFormat::timings).
struct MachineFacts {
  std::string cpu;
  std::string isa;
  int threads = 0;
};

struct MethodFacts {
  std::string name;
  std::vector<OptionText> options;  ///< only name and value survive in the file
};

struct RunHeader {
  std::string zoa;      ///< version
  std::string runtime;  ///< e.g. "OpenVINO 2026.4.1-..."
  MachineFacts machine;
  std::string model;
  std::string model_hash;
  std::string family;         ///< "vit" or "cnn"
  std::string bits;           ///< e.g. "w8a8"
  std::size_t quantized = 0;  ///< products on quantized inputs
  std::size_t products = 0;   ///< all of them
  std::string preprocess;     ///< in words
  std::string data;           ///< as given
  std::string data_hash;
  std::vector<std::string> domains;
  std::vector<std::size_t> images;  ///< of each domain
  std::vector<OptionText> options;  ///< of the evaluation
  std::vector<MethodFacts> methods;
  std::string command;  ///< repeats the run
};

/// Share of a batch that is of one domain, where domains are mixed.
struct DomainCount {
  std::string domain;
  std::size_t labeled = 0;
  std::size_t correct = 0;
};

struct BatchRecord {
  std::string method;
  std::string domain;
  std::size_t round = 1;               ///< from 1
  std::size_t step = 0;                ///< batches of this method so far, from 1
  std::size_t count = 0;               ///< images answered
  std::size_t labeled = 0;             ///< of those, with a known label
  std::optional<std::size_t> correct;  ///< none where no label is known
  std::optional<double> top1;          ///< 0..1, of this domain and round so far
  double loss = 0;                     ///< nats
  std::optional<double> loss_perturbed;
  double entropy = 0;
  std::optional<double> discrepancy;
  std::optional<double> domain_distance;
  bool changed = false;  ///< a change of domain was seen
  std::optional<std::size_t> removed_entry;
  std::size_t bank_entries = 0;
  bool updated = false;
  std::size_t passes = 0;       ///< counted by the engine
  double pass_equivalents = 0;  ///< the same in full passes: a part of the network counts its share
  ConfidenceBins ece_bins{};    ///< of the images with a known label
  std::optional<double> rss_mb;  ///< most memory of the process so far, peak_rss_mb()
  std::vector<double>
      bank_weights;         ///< of the zero entry, then of each entry; sum 1; none: no bank
  std::string guard;        ///< state and reasons, StepResult::guard; "": no guards
  std::size_t skipped = 0;  ///< images left out since the last record: could not be decoded
  double ms = 0;            ///< wall time of the step
  std::vector<DomainCount> by_domain;  ///< where domain is kMixedDomain: those in the batch
};

struct DomainScore {
  std::string domain;
  std::size_t labeled = 0;
  std::size_t correct = 0;
  ConfidenceBins ece_bins{};
  std::optional<double> top1() const {
    if (labeled == 0) {
      return std::nullopt;
    }
    return static_cast<double>(correct) / static_cast<double>(labeled);
  }
};

/// Mean over the domains of one round, each with the same weight.
struct RoundScore {
  std::size_t round = 1;
  std::optional<double> top1;
};

struct MethodSummary {
  std::string method;
  bool complete = true;  ///< false: interrupted
  std::vector<DomainScore> domains;
  std::optional<double> top1;      ///< mean over the domains, each with the same weight
  std::optional<double> ece;       ///< the same; of all images at once where domains are mixed
  std::optional<double> entropy;   ///< nats, mean over the images
  std::optional<double> loss;      ///< the same, of the method
  std::vector<RoundScore> rounds;  ///< in the order of the stream
  std::size_t images = 0;
  std::size_t skipped = 0;
  std::size_t batches = 0;
  std::size_t changes = 0;
  double passes_per_batch = 0;
  double pass_equivalents_per_batch = 0;
  double ms_median = 0;
  std::optional<double> rss_mb;  ///< the most
};

/// One network on one data set: a header and what followed it.
struct Run {
  RunHeader header;
  std::vector<BatchRecord> batches;
  std::vector<MethodSummary> summaries;
  std::string source{};  ///< the file it was read from
};

/// Sums up the batches of one method, domains in the order of the header.
MethodSummary summarize(const Run& run, const std::string& method);

struct RecordFormat {
  bool timings =
      true;  ///< false: no times and no machine facts, so that equal runs give equal bytes
};

/// One line each, without the newline.
std::string to_json_line(const RunHeader& header, const RecordFormat& format);
std::string to_json_line(const BatchRecord& record, const RecordFormat& format);
std::string to_json_line(const MethodSummary& summary, const RecordFormat& format);

/// Reads the lines of one or more runs. A last line without its end (a killed writer) is left out;
/// so are kinds that this version does not know.
/// Throws  BadFile with the line's number for anything else that is not a record.
std::vector<Run> read_runs(std::istream& lines, const std::string& where);

}  // namespace zoa
