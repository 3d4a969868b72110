// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/domain_detector.h"

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr double kVarianceFloor = 1e-8;  // the reference's

void check_values(const std::vector<double>& mean, const std::vector<double>& variance) {
  if (!all_finite(mean) || !all_finite(variance) || any_negative(variance)) {
    fail(ErrorCode::BadFile, "state has stem statistics that are not finite or negative");
  }
}

void mix_in(std::vector<double>& running, const std::vector<double>& batch, double share) {
  for (std::size_t i = 0; i < running.size(); ++i) {
    running[i] = (1 - share) * running[i] + share * batch[i];
  }
}

}  // namespace

double compute_domain_distance(const DomainStats& a, const DomainStats& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.mean.size(); ++i) {
    const double shift = a.mean[i] - b.mean[i];
    const double square = shift * shift;
    sum += (a.variance[i] + square) / (2 * (b.variance[i] + kVarianceFloor)) +
           (b.variance[i] + square) / (2 * (a.variance[i] + kVarianceFloor)) - 1;
  }
  return sum / static_cast<double>(a.mean.size());
}

DomainStats to_domain_stats(const StemStats& stem) {
  DomainStats stats{stem.mean, stem.variance};
  if (stem.values > 1) {
    const double values = static_cast<double>(stem.values);
    for (double& variance : stats.variance) {
      variance *= values / (values - 1);
    }
  }
  return stats;
}

std::vector<DomainStats> split_domains(const std::vector<double>& mean,
                                       const std::vector<double>& variance,
                                       std::size_t count) {
  if (mean.size() != variance.size() || (count == 0 ? !mean.empty() : mean.size() % count != 0)) {
    fail(ErrorCode::StateMismatch, "state has ", mean.size(), " means and ", variance.size(),
         " variances of the stem for ", count, " domains");
  }
  check_values(mean, variance);
  const std::size_t channels = count == 0 ? 0 : mean.size() / count;
  std::vector<DomainStats> domains(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto first = static_cast<std::ptrdiff_t>(k * channels);
    const auto last = static_cast<std::ptrdiff_t>((k + 1) * channels);
    domains[k].mean.assign(mean.begin() + first, mean.begin() + last);
    domains[k].variance.assign(variance.begin() + first, variance.begin() + last);
  }
  return domains;
}

DomainVerdict DomainDetector::observe(const StemStats& stem, bool frozen) {
  DomainVerdict verdict;
  if (stem.mean.empty() || stem.count < options_.least_batch) {
    return verdict;
  }
  DomainStats batch = to_domain_stats(stem);
  if (batch.mean.size() != batch.variance.size() ||
      (!running_.empty() && running_.mean.size() != batch.mean.size())) {
    fail(ErrorCode::Internal, "stem has ", batch.mean.size(), " means and ", batch.variance.size(),
         " variances, running statistics have ", running_.mean.size());
  }
  if (!all_finite(batch.mean) || !all_finite(batch.variance)) {
    return verdict;
  }
  if (running_.empty()) {
    running_ = std::move(batch);
    return verdict;
  }
  verdict.distance = compute_domain_distance(running_, batch);
  verdict.changed = *verdict.distance > options_.threshold;
  if (verdict.changed) {
    running_ = std::move(batch);
  } else if (!frozen) {
    mix_in(running_.mean, batch.mean, options_.momentum);
    mix_in(running_.variance, batch.variance, options_.momentum);
  }
  return verdict;
}

void DomainDetector::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_f64(prefix + ".stem_mean", running_.mean);
  writer.put_f64(prefix + ".stem_variance", running_.variance);
}

void DomainDetector::load(const StateReader& reader,
                          const std::string& prefix,
                          std::size_t channels) {
  DomainStats stats{reader.get_f64(prefix + ".stem_mean"),
                    reader.get_f64(prefix + ".stem_variance")};
  const std::size_t found = stats.mean.size();
  if (stats.variance.size() != found || (found != 0 && found != channels)) {
    fail(ErrorCode::StateMismatch, "state has statistics of ", found, " stem channels, the model ",
         channels);
  }
  check_values(stats.mean, stats.variance);
  running_ = std::move(stats);
}

}  // namespace zoa
