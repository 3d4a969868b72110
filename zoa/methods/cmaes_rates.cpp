// SPDX-License-Identifier: Apache-2.0
// The strategy's constants. Numbers of equations are those of Hansen's tutorial, arXiv 1604.00772.
#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/methods/cmaes.h"

namespace zoa {
namespace {

double square_of_sum_over_sum_of_squares(std::span<const double> values) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  return sum * sum / squares;
}

// log weights of `count` ranks (equation 49): positive for better ones than rank `zero`.
std::vector<double> log_weights(std::size_t count, double zero) {
  std::vector<double> weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] = std::log(zero) - std::log(static_cast<double>(i + 1));
  }
  return weights;
}

double sum_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return sum;
}

// Equations 50 to 53: worse candidates count against their directions, but C stays positive.
void scale_weights(EvolutionRates& rates, double d, double mu_eff_minus) {
  const double most = std::min({1 + rates.c_one / rates.c_mu,  // infinite where c_mu is 0
                                1 + 2 * mu_eff_minus / (rates.mu_eff + 2),
                                (1 - rates.c_one - rates.c_mu) / (d * rates.c_mu)});
  double positive = 0;
  double negative = 0;
  for (const double weight : rates.weights) {
    (weight > 0 ? positive : negative) += std::abs(weight);
  }
  for (double& weight : rates.weights) {
    weight *= weight >= 0 ? 1 / positive : most / negative;
  }
}

void set_full(EvolutionRates& rates, double d, std::size_t population) {
  rates.weights = log_weights(population, (static_cast<double>(population) + 1) / 2);
  const std::span<const double> weights(rates.weights);
  rates.mu_eff = square_of_sum_over_sum_of_squares(weights.first(rates.parents));
  const double mu_eff_minus = square_of_sum_over_sum_of_squares(weights.subspan(rates.parents));
  rates.c_one = 2 / ((d + 1.3) * (d + 1.3) + rates.mu_eff);
  rates.c_mu = std::min(1 - rates.c_one - 1e-8, 2 * (rates.mu_eff - 2 + 1 / rates.mu_eff) /
                                                    ((d + 2) * (d + 2) + rates.mu_eff));
  rates.c_sigma = (rates.mu_eff + 2) / (d + rates.mu_eff + 5);
  rates.c_path = (4 + rates.mu_eff / d) / (d + 4 + 2 * rates.mu_eff / d);
  scale_weights(rates, d, mu_eff_minus);
}

// Ros and Hansen: the rates of C grow with (d + 2) / 3; no negative weights.
void set_separable(EvolutionRates& rates, double d, std::size_t population) {
  rates.weights = log_weights(rates.parents, static_cast<double>(rates.parents + 1));
  const double sum = sum_of(rates.weights);
  for (double& weight : rates.weights) {
    weight /= sum;
  }
  rates.mu_eff = square_of_sum_over_sum_of_squares(rates.weights);
  rates.weights.resize(population, 0);
  const double mu = rates.mu_eff;
  rates.c_one = 2 / ((d + 1.3) * (d + 1.3) + mu);
  const double full = 2 / mu / ((d + std::sqrt(2.0)) * (d + std::sqrt(2.0))) +
                      (1 - 1 / mu) * std::min(1.0, (2 * mu - 1) / ((d + 2) * (d + 2) + mu));
  rates.c_mu = (d + 2) / 3 * full;
  rates.c_sigma = (mu + 2) / (d + mu + 3);
  rates.c_path = 4 / (d + 4);
}

}  // namespace

Evolution parse_evolution(const std::string& name) {
  if (name == "isotropic") {
    return Evolution::Isotropic;
  }
  if (name == "separable") {
    return Evolution::Separable;
  }
  if (name == "full") {
    return Evolution::Full;
  }
  fail(ErrorCode::InvalidArgument, "option 'strategy': '", name,
       "' is not isotropic, separable or full");
}

EvolutionRates::EvolutionRates(Evolution form, std::size_t dimension, std::size_t population)
    : parents(population / 2) {
  if (dimension == 0 || population < 2) {
    fail(ErrorCode::InvalidArgument, "an evolution strategy with ", dimension,
         " parameters and a population of ", population, ", expected at least 1 and 2");
  }
  const auto d = static_cast<double>(dimension);
  if (form == Evolution::Separable) {
    set_separable(*this, d, population);
  } else {
    set_full(*this, d, population);
  }
  damping = 1 + 2 * std::max(0.0, std::sqrt((mu_eff - 1) / (d + 1)) - 1) + c_sigma;
  chi = std::sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d));
}

}  // namespace zoa
