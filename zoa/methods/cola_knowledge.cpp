// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/cola_knowledge.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "zoa/core/error.h"
#include "zoa/methods/knowledge_bank.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/zoa_state.h"

namespace zoa {
namespace {

constexpr double kDistanceFloor = 1e-4;  // the published code's

void check_entry(const ColaKnowledge::Entry& entry, std::size_t channels) {
  if (entry.domain.mean.size() != channels) {
    fail(ErrorCode::StateMismatch, "state has entries with statistics of ",
         entry.domain.mean.size(), " stem channels, the model ", channels);
  }
}

}  // namespace

std::vector<double> ColaKnowledge::weights(const DomainStats& present,
                                           double temperature,
                                           double zero_distance) const {
  const auto score = [&](double distance) {
    return 1 / (std::max(distance, 0.0) + kDistanceFloor) / temperature;
  };
  std::vector<double> weights{score(zero_distance)};
  weights.reserve(entries_.size() + 1);
  for (const Entry& entry : entries_) {
    weights.push_back(score(compute_domain_distance(present, entry.domain)));
  }
  const double highest = *std::max_element(weights.begin(), weights.end());
  for (double& weight : weights) {
    weight = std::exp(weight - highest);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) {
    weight /= sum;
  }
  return weights;
}

std::vector<double> ColaKnowledge::mixture(std::span<const double> weights,
                                           std::size_t parameters) const {
  std::vector<double> sum(parameters);
  for (std::size_t k = 0; k < entries_.size(); ++k) {
    for (std::size_t i = 0; i < parameters; ++i) {
      sum[i] += weights[k + 1] * static_cast<double>(entries_[k].offsets[i]);
    }
  }
  return sum;
}

void ColaKnowledge::save(StateWriter& writer) const {
  std::vector<float> offsets;
  std::vector<double> means;
  std::vector<double> variances;
  for (const Entry& entry : entries_) {
    offsets.insert(offsets.end(), entry.offsets.begin(), entry.offsets.end());
    means.insert(means.end(), entry.domain.mean.begin(), entry.domain.mean.end());
    variances.insert(variances.end(), entry.domain.variance.begin(), entry.domain.variance.end());
  }
  writer.put_f32("cola-fp.offsets", offsets);
  writer.put_f64("cola-fp.domain_mean", means);
  writer.put_f64("cola-fp.domain_variance", variances);
}

void ColaKnowledge::load(const StateReader& reader,
                         const std::vector<std::size_t>& vector_sizes,
                         std::size_t channels) {
  const std::size_t width =
      std::accumulate(vector_sizes.begin(), vector_sizes.end(), std::size_t{0});
  const std::vector<float> rows = reader.get_f32("cola-fp.offsets");
  if (rows.size() % width != 0) {
    fail(ErrorCode::StateMismatch, "state has ", rows.size(),
         " offsets, the model has parameters of ", width);
  }
  if (!all_finite(rows)) {
    fail(ErrorCode::BadFile, "state has offsets that are not finite");
  }
  const std::vector<DomainStats> domains =
      split_domains(reader.get_f64("cola-fp.domain_mean"),
                    reader.get_f64("cola-fp.domain_variance"), rows.size() / width);
  std::vector<Entry> entries;
  entries.reserve(domains.size());
  auto row = rows.begin();
  for (const DomainStats& domain : domains) {
    const auto end = row + static_cast<std::ptrdiff_t>(width);
    entries.push_back({{row, end}, domain});
    check_entry(entries.back(), channels);
    row = end;
  }
  entries_ = std::move(entries);
}

void ColaKnowledge::load_zoa(const StateReader& reader,
                             const std::vector<std::size_t>& vector_sizes,
                             std::size_t channels) {
  check_zoa_state(reader);
  BankOptions options;
  const std::vector<double> scale = reader.get_f64(std::string(kZoaPrefix) + ".alpha_scale");
  if (scale.size() != 1 || !all_finite(scale)) {
    fail(ErrorCode::BadFile, "state has no alpha_scale");
  }
  options.alpha_scale = scale[0];
  KnowledgeBank bank(vector_sizes, options, 0);
  bank.load(reader, kZoaPrefix);
  DomainDetector detector{DomainOptions{}};
  detector.load(reader, kZoaPrefix, channels);
  std::vector<Entry> entries;
  entries.reserve(bank.entries() + 1);
  for (std::size_t k = 0; k < bank.entries(); ++k) {
    entries.push_back({{bank.entry(k).begin(), bank.entry(k).end()}, bank.domain(k)});
    check_entry(entries.back(), channels);
  }
  if (!detector.running().empty()) {
    const std::vector<double> total = bank.total();
    entries.push_back({{total.begin(), total.end()}, detector.running()});
  }
  if (entries.empty()) {
    fail(ErrorCode::StateMismatch,
         "state of zoa knows no domain: none of its batches was large enough to be measured");
  }
  entries_ = std::move(entries);
}

}  // namespace zoa
