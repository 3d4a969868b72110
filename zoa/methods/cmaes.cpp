// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/cmaes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/symmetric.h"

namespace zoa {
namespace {

constexpr double kMostSigma = 1e32;       // as the package cmaes: the step size stays a number
constexpr double kLeastVariance = 1e-16;  // of C: its inverse stays a number

double square_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) {
    sum += value * value;
  }
  return sum;
}

// matrix (d, d) times vector
std::vector<double> multiply(std::span<const double> matrix, std::span<const double> vector) {
  const std::size_t d = vector.size();
  std::vector<double> product(d);
  for (std::size_t i = 0; i < d; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) {
      sum += matrix[i * d + j] * vector[j];
    }
    product[i] = sum;
  }
  return product;
}

std::vector<double> first_covariance(Evolution form, std::size_t d) {
  if (form == Evolution::Isotropic) {
    return {};
  }
  if (form == Evolution::Separable) {
    return std::vector<double>(d, 1.0);
  }
  std::vector<double> identity(d * d);
  for (std::size_t i = 0; i < d; ++i) {
    identity[i * d + i] = 1;
  }
  return identity;
}

void check_start(Evolution form, std::span<const double> mean, double sigma) {
  if (!(sigma > 0 && sigma <= kMostSigma) || !all_finite(mean)) {
    fail(ErrorCode::InvalidArgument, "an evolution strategy starts with sigma ", sigma,
         ", expected a finite mean and a sigma above 0");
  }
  if (form == Evolution::Full && mean.size() > kMostFullDimension) {
    fail(ErrorCode::InvalidArgument, "option 'strategy': full needs ", mean.size(), " x ",
         mean.size(), " numbers and their eigenvectors for every batch; the limit is ",
         kMostFullDimension, " parameters, use isotropic or separable");
  }
}

}  // namespace

Cmaes::Cmaes(Evolution form, std::vector<double> mean, double sigma, std::size_t population)
    : form_(form),
      rates_(form, mean.size(), population),
      mean_(std::move(mean)),
      sigma_(sigma),
      path_(mean_.size()),
      covariance_path_(form == Evolution::Isotropic ? 0 : mean_.size()) {
  check_start(form, mean_, sigma);
  covariance_ = first_covariance(form, mean_.size());
}

Cmaes::Candidates Cmaes::ask(std::span<const double> normals) const {
  const std::size_t d = dimension();
  if (normals.size() != population() * d) {
    fail(ErrorCode::InvalidArgument, "found ", normals.size(), " normals, expected ", population(),
         " x ", d);
  }
  const std::vector<double> root = form_ == Evolution::Full
                                       ? symmetric_power(covariance_, d, 0.5, kLeastVariance)
                                       : std::vector<double>{};
  Candidates candidates;
  candidates.reserve(population());
  for (std::size_t k = 0; k < population(); ++k) {
    const std::span<const double> row = normals.subspan(k * d, d);
    std::vector<double> step = form_ == Evolution::Full
                                   ? multiply(root, row)
                                   : std::vector<double>(row.begin(), row.end());
    for (std::size_t i = 0; i < d; ++i) {
      if (form_ == Evolution::Separable) {
        step[i] *= std::sqrt(std::max(covariance_[i], kLeastVariance));
      }
      step[i] = mean_[i] + sigma_ * step[i];
    }
    candidates.push_back(std::move(step));
  }
  return candidates;
}

std::vector<double> Cmaes::inverse_root() const {
  return form_ == Evolution::Full ? symmetric_power(covariance_, dimension(), -0.5, kLeastVariance)
                                  : std::vector<double>{};
}

// C^(-1/2) step; inverse_root for Full only.
std::vector<double> Cmaes::whiten(std::span<const double> step,
                                  std::span<const double> inverse_root) const {
  if (form_ == Evolution::Full) {
    return multiply(inverse_root, step);
  }
  std::vector<double> whitened(step.begin(), step.end());
  for (std::size_t i = 0; i < covariance_.size(); ++i) {
    whitened[i] /= std::sqrt(std::max(covariance_[i], kLeastVariance));
  }
  return whitened;
}

std::vector<double> Cmaes::clip(std::span<const double> candidate) const {
  const auto d = static_cast<double>(dimension());
  std::vector<double> step(candidate.begin(), candidate.end());
  for (std::size_t i = 0; i < step.size(); ++i) {
    step[i] = (step[i] - mean_[i]) / sigma_;
  }
  const double most = std::sqrt(d) + 2 * d / (d + 2);
  const double length = std::sqrt(square_of(whiten(step, inverse_root())));
  const double scale = length > most ? most / length : 1;
  std::vector<double> clipped(candidate.begin(), candidate.end());
  for (std::size_t i = 0; scale < 1 && i < clipped.size(); ++i) {
    clipped[i] = mean_[i] + sigma_ * scale * step[i];
  }
  return clipped;
}

// With more candidates than weights, those between parents and worst ones count nothing.
double Cmaes::weight(std::size_t rank, std::size_t count) const {
  const std::size_t extra = count - population();
  if (rank < parents()) {
    return rates_.weights[rank];
  }
  return rank < parents() + extra ? 0 : rates_.weights[rank - extra];
}

void Cmaes::tell(const std::vector<std::span<const double>>& sorted) {
  const std::size_t d = dimension();
  if (sorted.size() < population()) {
    fail(ErrorCode::InvalidArgument, "found ", sorted.size(), " candidates, expected at least ",
         population());
  }
  Candidates steps(sorted.size(), std::vector<double>(d));
  std::vector<double> recombined(d);
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    if (sorted[k].size() != d) {
      fail(ErrorCode::InvalidArgument, "a candidate has ", sorted[k].size(), " values, expected ",
           d);
    }
    for (std::size_t i = 0; i < d; ++i) {
      steps[k][i] = (sorted[k][i] - mean_[i]) / sigma_;
      recombined[i] += k < parents() ? rates_.weights[k] * steps[k][i] : 0;
    }
  }
  for (std::size_t i = 0; i < d; ++i) {
    mean_[i] += sigma_ * recombined[i];
  }
  const std::vector<double> root = inverse_root();
  adapt_step_size(whiten(recombined, root));
  if (form_ != Evolution::Isotropic) {
    adapt_covariance(steps, recombined, root);
  }
}

void Cmaes::adapt_step_size(std::span<const double> whitened) {
  const double c = rates_.c_sigma;
  const double scale = std::sqrt(c * (2 - c) * rates_.mu_eff);
  for (std::size_t i = 0; i < path_.size(); ++i) {
    path_[i] = (1 - c) * path_[i] + scale * whitened[i];
  }
  const double length = std::sqrt(square_of(path_));
  sigma_ = std::min(kMostSigma, sigma_ * std::exp(c / rates_.damping * (length / rates_.chi - 1)));
  ++generation_;
}

void Cmaes::adapt_covariance(const Candidates& steps,
                             std::span<const double> recombined,
                             std::span<const double> inverse_root) {
  const auto d = static_cast<double>(dimension());
  // A path that is suddenly long would stretch C: its update waits (h_sigma).
  const double history = 1 - std::pow(1 - rates_.c_sigma, 2 * static_cast<double>(generation_ + 1));
  const bool calm = std::sqrt(square_of(path_) / history) < (1.4 + 2 / (d + 1)) * rates_.chi;
  const double cc = rates_.c_path;
  const double scale = calm ? std::sqrt(cc * (2 - cc) * rates_.mu_eff) : 0;
  for (std::size_t i = 0; i < covariance_path_.size(); ++i) {
    covariance_path_[i] = (1 - cc) * covariance_path_[i] + scale * recombined[i];
  }
  double sum = 0;
  for (const double weight : rates_.weights) {
    sum += weight;
  }
  const double waiting = calm ? 0 : cc * (2 - cc);
  const double keep = 1 + rates_.c_one * waiting - rates_.c_one - rates_.c_mu * sum;
  for (double& value : covariance_) {
    value *= keep;
  }
  add_outer(covariance_path_, rates_.c_one);
  for (std::size_t k = 0; k < steps.size(); ++k) {
    double share = weight(k, steps.size());
    if (share < 0) {
      // A bad candidate counts by its direction, not by its length.
      share *= d / (square_of(whiten(steps[k], inverse_root)) + 1e-8);
    }
    if (share != 0) {
      add_outer(steps[k], rates_.c_mu * share);
    }
  }
}

void Cmaes::add_outer(std::span<const double> step, double share) {
  const std::size_t d = step.size();
  for (std::size_t i = 0; i < d; ++i) {
    if (form_ == Evolution::Separable) {
      covariance_[i] += share * step[i] * step[i];
      continue;
    }
    for (std::size_t j = 0; j < d; ++j) {
      covariance_[i * d + j] += share * (step[i] * step[j]);
    }
  }
}

bool Cmaes::is_finite() const {
  return all_finite(mean_) && all_finite(path_) && all_finite(covariance_) &&
         all_finite(covariance_path_) && std::isfinite(sigma_) && sigma_ > 0;
}

void Cmaes::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_f64(prefix + ".mean", mean_);
  writer.put_f64(prefix + ".sigma", std::vector<double>{sigma_});
  writer.put_f64(prefix + ".path", path_);
  writer.put_f64(prefix + ".covariance", covariance_);
  writer.put_f64(prefix + ".covariance_path", covariance_path_);
  const std::vector<std::int64_t> generation = {std::bit_cast<std::int64_t>(generation_)};
  writer.put_i64(prefix + ".generation", generation);
}

void Cmaes::load(const StateReader& reader, const std::string& prefix) {
  Cmaes loaded = *this;
  loaded.mean_ = reader.get_f64(prefix + ".mean");
  const std::vector<double> sigma = reader.get_f64(prefix + ".sigma");
  loaded.path_ = reader.get_f64(prefix + ".path");
  loaded.covariance_ = reader.get_f64(prefix + ".covariance");
  loaded.covariance_path_ = reader.get_f64(prefix + ".covariance_path");
  const std::vector<std::int64_t> generation = reader.get_i64(prefix + ".generation");
  if (loaded.mean_.size() != mean_.size() || loaded.path_.size() != path_.size() ||
      loaded.covariance_.size() != covariance_.size() ||
      loaded.covariance_path_.size() != covariance_path_.size() || sigma.size() != 1 ||
      generation.size() != 1) {
    fail(ErrorCode::StateMismatch, "state has a search over ", loaded.mean_.size(),
         " parameters and a covariance of ", loaded.covariance_.size(), " numbers, expected ",
         mean_.size(), " and ", covariance_.size());
  }
  loaded.sigma_ = sigma[0];
  loaded.generation_ = std::bit_cast<std::uint64_t>(generation[0]);
  if (!loaded.is_finite()) {
    fail(ErrorCode::BadFile, "state has a search whose numbers are not finite");
  }
  *this = std::move(loaded);
}

}  // namespace zoa
