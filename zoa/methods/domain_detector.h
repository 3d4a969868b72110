// SPDX-License-Identifier: Apache-2.0
// Sees a change of domain in the stem's statistics: running mean and variance per channel of the
// present domain against those of the batch. Part of ZOA; a value that can be copied and compared.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/core/state.h"

namespace zoa {

/// Mean and unbiased variance per channel.
struct DomainStats {
  std::vector<double> mean;
  std::vector<double> variance;

  bool empty() const { return mean.empty(); }
  friend bool operator==(const DomainStats&, const DomainStats&) = default;
};

/// Symmetric KL divergence of two normal distributions, mean over the channels:
/// (v + (m-m')^2) / (2 (v' + 1e-8)) + (v' + (m-m')^2) / (2 (v + 1e-8)) - 1.
/// About 0 for equal statistics. Source  ZOA paper; docs/methods/zoa.md.
double compute_domain_distance(const DomainStats& a, const DomainStats& b);

/// Turns the engine's biased variances into unbiased ones, by the number of values behind them.
DomainStats to_domain_stats(const StemStats& stem);

/// Statistics of several domains that were saved side by side, the same number of channels each
/// (none: empty ones).
/// Throws  StateMismatch if they do not divide evenly, BadFile for values that cannot be.
std::vector<DomainStats> split_domains(const std::vector<double>& mean,
                                       const std::vector<double>& variance,
                                       std::size_t count);

struct DomainOptions {
  double threshold = 0.1;
  double momentum = 0.2;         ///< share of the batch in the running statistics
  std::size_t least_batch = 64;  ///< smaller batches are not looked at
};

struct DomainVerdict {
  std::optional<double> distance;  ///< empty where nothing was compared
  bool changed = false;
};

class DomainDetector {
 public:
  explicit DomainDetector(const DomainOptions& options) : options_(options) {}

  /// Compares the batch with the running statistics and takes it into them; after a change they
  /// start anew with the batch. Batches that are too small or not finite change nothing.
  /// frozen  compare only: the running statistics stay as they are until a change
  DomainVerdict observe(const StemStats& stem, bool frozen = false);

  const DomainStats& running() const { return running_; }

  void save(StateWriter& writer, const std::string& prefix) const;
  /// channels  of the model's stem
  /// Throws  StateMismatch for another number of channels, BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& prefix, std::size_t channels);

 private:
  DomainOptions options_;
  DomainStats running_;
};

}  // namespace zoa
