// SPDX-License-Identifier: Apache-2.0
// Does a stream differ from the ordinary one? A test by betting on the entropies of the plain
// answers: their ranks among the first ones are uniform as long as nothing has changed, and a
// player who bets against that rarely gets rich. The simple jumper of Vovk and others,
// "Testing randomness online", arXiv 1906.09256; the idea for test-time adaptation is POEM's,
// arXiv 2408.07511.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

struct EvidenceOptions {
  double false_alarms = 0.01;  ///< most share of ordinary streams that ever raise an alarm
  std::size_t ordinary = 512;  ///< first values, taken as ordinary
  std::uint64_t seed = 0;      ///< of the ranks of equal values
};

/// Differs: ranks are taken among the first values only, so that a slow change is not learnt as
/// ordinary. Their distribution is known up to the error of so few values (Dvoretzky, Kiefer,
/// Wolfowitz), which every bet gives away; half of false_alarms is for that, half for the game
/// (Ville). Assumes that ordinary values come independently.
class Evidence {
 public:
  explicit Evidence(const EvidenceOptions& options);

  /// Takes in a value; one that is not finite does not count.
  void add(double value);

  bool is_ready() const { return ordinary_.size() >= options_.ordinary; }
  /// From the alarm (wealth 2 / false_alarms) until the wealth has fallen below 1.
  bool is_raised() const { return raised_; }
  double wealth() const { return is_ready() ? wealth_[0] + wealth_[1] + wealth_[2] : 1; }

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  BadFile for values that cannot be.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  double rank(double value) const;

  EvidenceOptions options_;
  double given_away_ = 0;
  std::vector<double> ordinary_;                             // ascending once ready
  std::array<double, 3> wealth_{1.0 / 3, 1.0 / 3, 1.0 / 3};  // of bets on low, no, high ranks
  std::int64_t seen_ = 0;                                    // after the ordinary ones
  bool raised_ = false;
};

}  // namespace zoa
