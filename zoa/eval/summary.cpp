// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "zoa/eval/metrics.h"
#include "zoa/eval/record.h"

namespace zoa {
namespace {

DomainScore& score_of(std::vector<DomainScore>& scores, const std::string& domain) {
  const auto found = std::find_if(scores.begin(), scores.end(),
                                  [&](const DomainScore& s) { return s.domain == domain; });
  return found != scores.end() ? *found : scores.emplace_back(DomainScore{domain});
}

// A batch's share of the scores of its domain, or of its domains where they are mixed. Confidence
// is counted per batch, so that mixed domains have none of their own.
void add_record(std::vector<DomainScore>& scores, const BatchRecord& record) {
  if (record.by_domain.empty() && record.labeled > 0) {
    DomainScore& score = score_of(scores, record.domain);
    score.labeled += record.labeled;
    score.correct += record.correct.value_or(0);
    add_bins(score.ece_bins, record.ece_bins);
  }
  for (const DomainCount& count : record.by_domain) {
    DomainScore& score = score_of(scores, count.domain);
    score.labeled += count.labeled;
    score.correct += count.correct;
  }
}

// Mean over the domains that have a value, each with the same weight.
template <class F>
std::optional<double> domain_mean(const std::vector<DomainScore>& scores, F&& value_of) {
  double sum = 0;
  std::size_t count = 0;
  for (const DomainScore& score : scores) {
    if (const std::optional<double> value = value_of(score)) {
      sum += *value;
      ++count;
    }
  }
  return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
}

std::optional<double> mean_top1(const std::vector<DomainScore>& scores) {
  return domain_mean(scores, [](const DomainScore& score) { return score.top1(); });
}

// A mean over images in which values that are not finite do not count.
struct ImageMean {
  double sum = 0;
  std::size_t images = 0;
  void add(double value, std::size_t count) {
    if (std::isfinite(value)) {
      sum += value * static_cast<double>(count);
      images += count;
    }
  }
  std::optional<double> value() const {
    return images > 0 ? std::optional(sum / static_cast<double>(images)) : std::nullopt;
  }
};

// Scores of each round, collected in the order of the stream.
struct RoundScores {
  std::vector<std::size_t> numbers;
  std::vector<std::vector<DomainScore>> domains;
  void add(const BatchRecord& record) {
    if (numbers.empty() || numbers.back() != record.round) {
      numbers.push_back(record.round);
      domains.emplace_back();
    }
    add_record(domains.back(), record);
  }
};

void fill_rounds(MethodSummary& summary, const RoundScores& rounds) {
  summary.rounds.reserve(rounds.numbers.size());
  for (std::size_t i = 0; i < rounds.numbers.size(); ++i) {
    summary.rounds.push_back({rounds.numbers[i], mean_top1(rounds.domains[i])});
  }
}

void fill_calibration(MethodSummary& summary, const ConfidenceBins& all) {
  summary.ece = domain_mean(
      summary.domains, [](const DomainScore& score) { return calibration_error(score.ece_bins); });
  if (!summary.ece) {
    summary.ece = calibration_error(all);
  }
}

void fill_costs(MethodSummary& summary, const Run& run) {
  std::vector<double> times;
  double passes = 0;
  double equivalents = 0;
  for (const BatchRecord& record : run.batches) {
    if (record.method != summary.method || record.count == 0) {
      continue;
    }
    times.push_back(record.ms);
    passes += static_cast<double>(record.passes);
    equivalents += record.pass_equivalents;
    if (record.rss_mb) {
      summary.rss_mb = std::max(summary.rss_mb.value_or(0), *record.rss_mb);
    }
  }
  summary.batches = times.size();
  summary.ms_median = median(times);
  if (!times.empty()) {
    const auto batches = static_cast<double>(times.size());
    summary.passes_per_batch = passes / batches;
    summary.pass_equivalents_per_batch = equivalents / batches;
  }
}

}  // namespace

MethodSummary summarize(const Run& run, const std::string& method) {
  MethodSummary summary;
  summary.method = method;
  for (const std::string& domain : run.header.domains) {
    summary.domains.emplace_back(DomainScore{domain});
  }
  ImageMean entropy;
  ImageMean loss;
  RoundScores rounds;
  ConfidenceBins bins{};
  for (const BatchRecord& record : run.batches) {
    if (record.method != method) {
      continue;
    }
    add_record(summary.domains, record);
    rounds.add(record);
    add_bins(bins, record.ece_bins);
    entropy.add(record.entropy, record.count);
    loss.add(record.loss, record.count);
    summary.images += record.count;
    summary.skipped += record.skipped;
    summary.changes += record.changed ? 1 : 0;
  }
  summary.top1 = mean_top1(summary.domains);
  summary.entropy = entropy.value();
  summary.loss = loss.value();
  fill_rounds(summary, rounds);
  fill_calibration(summary, bins);
  fill_costs(summary, run);
  return summary;
}

}  // namespace zoa
