// SPDX-License-Identifier: Apache-2.0
// The covariance matrix adaptation evolution strategy, for foa and pace: a normal distribution over
// candidates that moves to where the better ones were. Hansen, "The CMA Evolution Strategy: A
// Tutorial", arXiv 1604.00772; Ros and Hansen, PPSN 2008 (separable form). docs/methods/foa.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

/// What is learnt of the covariance C: nothing (C = I), its diagonal, all of it.
enum class Evolution { Isotropic, Separable, Full };

/// Largest dimension of the full form: d x d numbers, two eigendecompositions a generation.
inline constexpr std::size_t kMostFullDimension = 1000;

/// Throws  InvalidArgument for another name than "isotropic", "separable", "full".
Evolution parse_evolution(const std::string& name);

/// Constants that dimension and population decide. Isotropic and Full share them.
struct EvolutionRates {
  EvolutionRates(Evolution form, std::size_t dimension, std::size_t population);

  std::vector<double> weights;  ///< (population), of the best first; the first `parents` sum to 1
  std::size_t parents = 1;
  double mu_eff = 1;   ///< variance effective selection mass
  double c_sigma = 0;  ///< of the path of the step size
  double damping = 1;
  double c_path = 0;  ///< of the path of the covariance
  double c_one = 0;   ///< rank-one update
  double c_mu = 0;    ///< rank-mu update
  double chi = 1;     ///< E|N(0, I)|
};

/// A value: copies are independent and equal copies go on equally.
class Cmaes {
 public:
  using Candidates = std::vector<std::vector<double>>;

  /// mean  (d) start;  sigma  step size, above 0;  population  candidates of a generation, >= 2
  /// Throws  InvalidArgument for sizes or a sigma that cannot be, for Full above
  ///         kMostFullDimension.
  Cmaes(Evolution form, std::vector<double> mean, double sigma, std::size_t population);

  std::size_t dimension() const { return mean_.size(); }  ///< d
  std::size_t population() const { return rates_.weights.size(); }
  std::size_t parents() const { return rates_.parents; }
  const EvolutionRates& rates() const { return rates_; }
  std::span<const double> mean() const { return mean_; }
  double sigma() const { return sigma_; }
  std::span<const double> path() const { return path_; }  ///< of the step size, (d)
  /// Isotropic: empty; Separable: (d) the diagonal; Full: (d, d).
  std::span<const double> covariance() const { return covariance_; }
  std::span<const double> covariance_path() const { return covariance_path_; }

  /// mean + sigma * C^(1/2) z for each row z of `normals`, (population, d). C^(1/2) is symmetric.
  Candidates ask(std::span<const double> normals) const;

  /// A candidate that ask() did not make, drawn towards the mean until it is no further away than
  /// what ask() makes: |C^(-1/2) (x - mean)| / sigma <= sqrt(d) + 2 d / (d + 2).
  /// Without it one far candidate would blow up the step size. Source  the PyPI package cma 4.5.
  std::vector<double> clip(std::span<const double> candidate) const;

  /// Ends the generation. sorted  candidates (d), the best first, at least `population`. More than
  /// that: the parents are the best ones, negative weights (Full) go to the worst ones.
  /// Throws  InvalidArgument for fewer candidates or another size.
  /// Checked cmaes_test.cpp: against the PyPI package cmaes, step by step.
  void tell(const std::vector<std::span<const double>>& sorted);

  bool is_finite() const;

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for other sizes, BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  std::vector<double> whiten(std::span<const double> step,
                             std::span<const double> inverse_root) const;
  std::vector<double> inverse_root() const;
  double weight(std::size_t rank, std::size_t count) const;
  void adapt_step_size(std::span<const double> whitened);
  void adapt_covariance(const Candidates& steps,
                        std::span<const double> recombined,
                        std::span<const double> inverse_root);
  void add_outer(std::span<const double> step, double share);

  Evolution form_;
  EvolutionRates rates_;
  std::vector<double> mean_;
  double sigma_;
  std::vector<double> path_;
  std::vector<double> covariance_;
  std::vector<double> covariance_path_;  // empty where C is not learnt
  std::uint64_t generation_ = 0;
};

}  // namespace zoa
