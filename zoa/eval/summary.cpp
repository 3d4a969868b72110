// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "zoa/eval/metrics.h"
#include "zoa/eval/record.h"

namespace zoa {
namespace {

DomainScore& score_of(std::vector<DomainScore>& scores, const std::string& domain) {
  const auto found = std::find_if(scores.begin(), scores.end(),
                                  [&](const DomainScore& s) { return s.domain == domain; });
  return found != scores.end() ? *found : scores.emplace_back(DomainScore{domain});
}

std::optional<double> mean_top1(const std::vector<DomainScore>& scores) {
  double sum = 0;
  std::size_t count = 0;
  for (const DomainScore& score : scores) {
    if (const std::optional<double> top1 = score.top1()) {
      sum += *top1;
      ++count;
    }
  }
  return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
}

}  // namespace

MethodSummary summarize(const Run& run, const std::string& method) {
  MethodSummary summary;
  summary.method = method;
  for (const std::string& domain : run.header.domains) {
    summary.domains.emplace_back(DomainScore{domain});
  }
  std::vector<double> times;
  std::size_t passes = 0;
  for (const BatchRecord& record : run.batches) {
    if (record.method != method) {
      continue;
    }
    if (record.by_domain.empty() && record.labeled > 0) {
      DomainScore& score = score_of(summary.domains, record.domain);
      score.labeled += record.labeled;
      score.correct += record.correct.value_or(0);
    }
    for (const DomainCount& count : record.by_domain) {
      DomainScore& score = score_of(summary.domains, count.domain);
      score.labeled += count.labeled;
      score.correct += count.correct;
    }
    summary.images += record.count;
    summary.skipped += record.skipped;
    summary.changes += record.changed ? 1 : 0;
    passes += record.passes;
    if (record.count > 0) {
      times.push_back(record.ms);
    }
  }
  summary.batches = times.size();
  summary.top1 = mean_top1(summary.domains);
  summary.ms_median = median(times);
  if (!times.empty()) {
    summary.passes_per_batch = static_cast<double>(passes) / static_cast<double>(times.size());
  }
  return summary;
}

}  // namespace zoa
