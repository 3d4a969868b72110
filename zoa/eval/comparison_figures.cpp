// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "zoa/eval/comparison_cells.h"
#include "zoa/eval/mce.h"
#include "zoa/eval/unlike.h"

namespace zoa::detail {
namespace {

template <class F>
std::optional<MeanSd> over_seeds(const std::vector<Cell>& cells, F&& value_of) {
  std::vector<double> values;
  for (const Cell& cell : cells) {
    if (const std::optional<double> value = value_of(cell)) {
      values.push_back(*value);
    }
  }
  return mean_and_sd(values);
}

const DomainScore* find_domain_score(const Cell& cell, const std::string& domain) {
  const auto& scores = cell.summary->domains;
  const auto found = std::find_if(scores.begin(), scores.end(),
                                  [&](const DomainScore& s) { return s.domain == domain; });
  return found != scores.end() ? &*found : nullptr;
}

}  // namespace

void fill_accuracy(RowCells& row, const Comparison& comparison) {
  ComparisonRow& out = row.row;
  const auto field = [&](auto member) {
    return over_seeds(row.cells, [&](const Cell& cell) { return cell.summary->*member; });
  };
  out.top1 = field(&MethodSummary::top1);
  out.ece = field(&MethodSummary::ece);
  out.entropy = field(&MethodSummary::entropy);
  out.loss = field(&MethodSummary::loss);
  for (const std::string& domain : comparison.domains) {
    out.domains.push_back(over_seeds(row.cells, [&](const Cell& cell) {
      const DomainScore* score = find_domain_score(cell, domain);
      return score != nullptr ? score->top1() : std::nullopt;
    }));
    out.domain_ece.push_back(over_seeds(row.cells, [&](const Cell& cell) {
      const DomainScore* score = find_domain_score(cell, domain);
      return score != nullptr ? calibration_error(score->ece_bins) : std::nullopt;
    }));
  }
  for (const std::size_t round : comparison.rounds) {
    out.rounds.push_back(over_seeds(row.cells, [&](const Cell& cell) {
      const auto& rounds = cell.summary->rounds;
      const auto found = std::find_if(rounds.begin(), rounds.end(),
                                      [&](const RoundScore& r) { return r.round == round; });
      return found != rounds.end() ? found->top1 : std::nullopt;
    }));
  }
  out.mce = over_seeds(row.cells, [&](const Cell& cell) {
    const std::optional<Mce> mce = compute_mce(cell.run->header, *cell.summary);
    out.mce_corruptions = mce ? mce->corruptions : out.mce_corruptions;
    return mce ? std::optional(mce->value) : std::nullopt;
  });
}

void fill_costs(RowCells& row) {
  ComparisonRow& out = row.row;
  std::vector<double> times;
  const auto cells = static_cast<double>(row.cells.size());
  for (const Cell& cell : row.cells) {
    const MethodSummary& summary = *cell.summary;
    out.passes += summary.passes_per_batch / cells;
    out.pass_equivalents += summary.pass_equivalents_per_batch / cells;
    if (summary.ms_median > 0) {
      times.push_back(summary.ms_median);
    }
    if (summary.rss_mb) {
      out.rss_mb = std::max(out.rss_mb.value_or(0), *summary.rss_mb);
    }
    out.images = std::max(out.images, summary.images);
    out.skipped += summary.skipped;
    out.seeds.push_back(seed_of(cell.run->header));
    if (draws_order(cell.run->header)) {
      out.order_seeds.push_back(option_of(cell.run->header, "order_seed"));
    }
    const std::string command = row_command(cell.run->header, out.method);
    if (std::find(out.commands.begin(), out.commands.end(), command) == out.commands.end()) {
      out.commands.push_back(command);
    }
  }
  out.ms = median(times);
}

}  // namespace zoa::detail
