// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/knowledge_bank.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr double kOffsetUnit =
    0.01;                           // mean |eps| that counts as much as the whole bank (reference)
constexpr double kAlphaLimit = 10;  // of a new entry (reference)
constexpr char kVectorSizes[] = ".vector_sizes";
constexpr std::int64_t kMostParameters = std::int64_t{1} << 24;  // of a saved bank

// log(sum(exp(scale * alpha))), safe for large values.
double log_sum_exp(std::span<const double> alpha, double scale) {
  const double highest = *std::max_element(alpha.begin(), alpha.end());
  double sum = 0;
  for (const double value : alpha) {
    sum += std::exp(scale * (value - highest));
  }
  return scale * highest + std::log(sum);
}

double mean_magnitude(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) {
    sum += std::abs(static_cast<double>(value));
  }
  return sum / static_cast<double>(values.size());
}

// 0 where one of the vectors is zero.
double cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0;
  double square_a = 0;
  double square_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]);
    const double y = static_cast<double>(b[i]);
    product += x * y;
    square_a += x * x;
    square_b += y * y;
  }
  const double norms = std::sqrt(square_a) * std::sqrt(square_b);
  return norms > 0 ? product / norms : 0;
}

}  // namespace

KnowledgeBank::KnowledgeBank(std::vector<std::size_t> vector_sizes,
                             const BankOptions& options,
                             double alpha_first)
    : vector_sizes_(std::move(vector_sizes)),
      options_(options),
      alpha_{alpha_first},
      eps_(std::accumulate(vector_sizes_.begin(), vector_sizes_.end(), std::size_t{0})) {}

std::vector<double> KnowledgeBank::weights(std::span<const double> alpha) const {
  const double log_total = log_sum_exp(alpha, options_.alpha_scale);
  std::vector<double> weight;
  weight.reserve(alpha.size());
  for (const double value : alpha) {
    weight.push_back(std::exp(options_.alpha_scale * value - log_total));
  }
  return weight;
}

std::vector<double> KnowledgeBank::mixture(std::span<const double> alpha) const {
  assert(alpha.size() == entries_.size() + 1);
  std::vector<double> sum(eps_.size());
  const std::vector<double> weight = weights(alpha);
  for (std::size_t k = 0; k < entries_.size(); ++k) {
    const std::vector<float>& entry = entries_[k]->offsets;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += weight[k + 1] * static_cast<double>(entry[i]);
    }
  }
  return sum;
}

std::vector<double> KnowledgeBank::total(std::span<const double> alpha) const {
  std::vector<double> sum = mixture(alpha);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] += static_cast<double>(eps_[i]);
  }
  return sum;
}

void KnowledgeBank::restore_total(const std::vector<double>& wanted) {
  const std::vector<double> present = mixture(alpha_);
  for (std::size_t i = 0; i < eps_.size(); ++i) {
    eps_[i] = static_cast<float>(wanted[i] - present[i]);
  }
}

double KnowledgeBank::new_alpha() const {
  double largest = 0;
  std::size_t offset = 0;
  for (const std::size_t size : vector_sizes_) {
    largest = std::max(largest, mean_magnitude(std::span(eps_).subspan(offset, size)));
    offset += size;
  }
  const double scale = options_.alpha_scale;
  const double strength = largest / kOffsetUnit;
  double value = scale * *std::max_element(alpha_.begin(), alpha_.end());
  if (strength > 1) {
    value = std::max(value, log_sum_exp(alpha_, scale) + std::log(strength - 1));
  }
  return std::clamp(value / scale, -kAlphaLimit, kAlphaLimit);
}

double KnowledgeBank::similarity(std::size_t a, std::size_t b) const {
  double sum = 0;
  std::size_t offset = 0;
  for (const std::size_t size : vector_sizes_) {
    sum += cosine(entry(a).subspan(offset, size), entry(b).subspan(offset, size));
    offset += size;
  }
  return sum / static_cast<double>(vector_sizes_.size());
}

std::size_t KnowledgeBank::most_redundant() const {
  std::size_t best = 0;  // also the answer for a bank of one
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t a = 0; a < entries_.size(); ++a) {
    for (std::size_t b = a + 1; b < entries_.size(); ++b) {
      const double found = similarity(a, b);
      if (found > highest) {
        highest = found;
        best = a;
      }
    }
  }
  return best;
}

// Its index among alpha.
std::size_t KnowledgeBank::give_up_one() {
  const std::size_t index = most_redundant();
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  alpha_.erase(alpha_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  return index + 1;
}

std::optional<std::size_t> KnowledgeBank::insert(const DomainStats& domain) {
  if (options_.capacity == 0) {
    return std::nullopt;
  }
  const std::vector<double> wanted = total();
  std::optional<std::size_t> removed;
  while (is_full()) {
    removed = give_up_one();
    restore_total(wanted);
  }
  const double alpha = new_alpha();
  alpha_.push_back(alpha);
  entries_.push_back(
      std::make_shared<const Content>(Content{{wanted.begin(), wanted.end()}, domain}));
  restore_total(wanted);
  return removed;
}

void KnowledgeBank::check_mergeable(const KnowledgeBank& other) const {
  if (vector_sizes_ != other.vector_sizes_) {
    fail(ErrorCode::StateMismatch, "banks over ", vector_sizes_.size(), " vectors of ",
         parameters(), " parameters and over ", other.vector_sizes_.size(), " of ",
         other.parameters(), "; expected two of the same network");
  }
  if (entries() > 0 && other.entries() > 0 &&
      domain(0).mean.size() != other.domain(0).mean.size()) {
    fail(ErrorCode::StateMismatch, "banks with statistics of ", domain(0).mean.size(), " and ",
         other.domain(0).mean.size(), " stem channels; expected two of the same network");
  }
}

bool KnowledgeBank::has_offsets(const std::vector<float>& offsets) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry->offsets == offsets; });
}

KnowledgeBank::Merged KnowledgeBank::merge(const KnowledgeBank& other) {
  check_mergeable(other);
  Merged merged;
  if (options_.capacity == 0) {
    return merged;
  }
  const std::vector<double> wanted = total();
  const double ratio = other.options_.alpha_scale / options_.alpha_scale;
  const KnowledgeBank before = *this;  // an entry that had to go is not taken in again
  for (std::size_t k = 0; k < other.entries(); ++k) {
    const Entry& entry = other.entries_[k];
    if (before.has_offsets(entry->offsets) || has_offsets(entry->offsets)) {
      ++merged.duplicates;
      continue;
    }
    while (is_full()) {
      give_up_one();
      ++merged.removed;
    }
    const double alpha = alpha_[0] + ratio * (other.alpha_[k + 1] - other.alpha_[0]);
    alpha_.push_back(std::clamp(alpha, -kAlphaLimit, kAlphaLimit));
    entries_.push_back(entry);
    ++merged.added;
  }
  restore_total(wanted);
  return merged;
}

void KnowledgeBank::assign(std::vector<double> alpha, std::vector<float> eps) {
  assert(alpha.size() == alpha_.size() && eps.size() == eps_.size());
  alpha_ = std::move(alpha);
  eps_ = std::move(eps);
}

void KnowledgeBank::save(StateWriter& writer, const std::string& prefix) const {
  std::vector<float> rows;
  rows.reserve(entries_.size() * eps_.size());
  std::vector<double> means;
  std::vector<double> variances;
  for (const Entry& entry : entries_) {
    rows.insert(rows.end(), entry->offsets.begin(), entry->offsets.end());
    means.insert(means.end(), entry->domain.mean.begin(), entry->domain.mean.end());
    variances.insert(variances.end(), entry->domain.variance.begin(), entry->domain.variance.end());
  }
  writer.put_i64(prefix + kVectorSizes,
                 std::vector<std::int64_t>(vector_sizes_.begin(), vector_sizes_.end()));
  writer.put_f64(prefix + ".alpha", alpha_);
  writer.put_f32(prefix + ".eps", eps_);
  writer.put_f64(prefix + ".alpha_scale", std::vector<double>{options_.alpha_scale});
  writer.put_f32(prefix + ".bank", rows);
  writer.put_f64(prefix + ".bank_stem_mean", means);
  writer.put_f64(prefix + ".bank_stem_variance", variances);
}

void KnowledgeBank::check_vectors(const StateReader& reader, const std::string& prefix) const {
  const std::vector<std::size_t> found = saved_vectors(reader, prefix);
  if (!found.empty() && found != vector_sizes_) {
    fail(ErrorCode::StateMismatch, "state has a bank over ", found.size(),
         " vectors of other sizes; the model has ", vector_sizes_.size());
  }
}

std::vector<std::size_t> KnowledgeBank::saved_vectors(const StateReader& reader,
                                                      const std::string& prefix) {
  if (!reader.has(prefix + kVectorSizes)) {
    return {};
  }
  const std::vector<std::int64_t> sizes = reader.get_i64(prefix + kVectorSizes);
  std::int64_t room = kMostParameters;
  for (const std::int64_t size : sizes) {
    if (size <= 0 || size > room) {
      fail(ErrorCode::BadFile, "state has a vector of ", size, " parameters; expected 1 to ", room);
    }
    room -= size;
  }
  return {sizes.begin(), sizes.end()};
}

void KnowledgeBank::load(const StateReader& reader, const std::string& prefix) {
  std::vector<double> alpha = reader.get_f64(prefix + ".alpha");
  std::vector<float> eps = reader.get_f32(prefix + ".eps");
  const std::vector<float> rows = reader.get_f32(prefix + ".bank");
  const std::size_t width = eps_.size();
  if (eps.size() != width || rows.size() % width != 0 || alpha.size() != rows.size() / width + 1) {
    fail(ErrorCode::StateMismatch, "state has ", eps.size(), " parameters, ", alpha.size(),
         " weights and a bank of ", rows.size(), " values; the model has ", width, " parameters");
  }
  check_vectors(reader, prefix);
  if (!all_finite(alpha) || !all_finite(eps) || !all_finite(rows)) {
    fail(ErrorCode::BadFile, "state has offsets that are not finite");
  }
  const std::vector<DomainStats> domains =
      split_domains(reader.get_f64(prefix + ".bank_stem_mean"),
                    reader.get_f64(prefix + ".bank_stem_variance"), rows.size() / width);
  entries_.clear();
  auto row = rows.begin();
  for (const DomainStats& domain : domains) {
    const auto end = row + static_cast<std::ptrdiff_t>(width);
    entries_.push_back(std::make_shared<const Content>(Content{{row, end}, domain}));
    row = end;
  }
  alpha_ = std::move(alpha);
  eps_ = std::move(eps);
}

}  // namespace zoa
