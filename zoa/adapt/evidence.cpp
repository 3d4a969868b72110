// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/evidence.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

constexpr double kJump = 0.01;  // share that changes its bet between two values; the authors'
constexpr std::array<double, 3> kBets{-1, 0, 1};
// Wealth beyond the alarm is not kept, so that an alarm ends soon after the change has gone.
constexpr double kMostPerAlarm = 10;

}  // namespace

Evidence::Evidence(const EvidenceOptions& options) : options_(options) {
  const auto count = static_cast<double>(options.ordinary);
  const double rate = std::max(options.false_alarms, 1e-9);
  given_away_ = std::sqrt(std::log(4 / rate) / (2 * count)) + 1 / count;
}

// Uniform on (0, 1) if the value is like the ordinary ones.
double Evidence::rank(double value) const {
  const auto [first, last] = std::equal_range(ordinary_.begin(), ordinary_.end(), value);
  const auto below = static_cast<double>(first - ordinary_.begin());
  const auto equal = static_cast<double>(last - first);
  const double theta = Rng(options_.seed, static_cast<std::uint64_t>(seen_)).uniform(0);
  return (below + theta * (equal + 1)) / static_cast<double>(ordinary_.size() + 1);
}

void Evidence::add(double value) {
  if (!std::isfinite(value)) {
    return;
  }
  if (!is_ready()) {
    ordinary_.push_back(value);
    if (is_ready()) {
      std::sort(ordinary_.begin(), ordinary_.end());
    }
    return;
  }
  const double p = rank(value);
  ++seen_;
  const double all = wealth_[0] + wealth_[1] + wealth_[2];
  for (std::size_t i = 0; i < wealth_.size(); ++i) {
    const double won = kBets[i] * (p - 0.5) - std::abs(kBets[i]) * given_away_;
    wealth_[i] = ((1 - kJump) * wealth_[i] + kJump * all / 3) * std::max(1 + won, 0.0);
  }
  const double now = wealth();
  const double alarm = 2 / options_.false_alarms;
  raised_ = raised_ ? now >= 1 : now >= alarm;
  if (now > kMostPerAlarm * alarm) {
    for (double& part : wealth_) {
      part *= kMostPerAlarm * alarm / now;
    }
  }
}

void Evidence::save(StateWriter& writer, const std::string& prefix) const {
  writer.put_f64(prefix + ".ordinary", ordinary_);
  writer.put_f64(prefix + ".wealth", wealth_);
  const std::array<std::int64_t, 3> numbers{seen_, raised_ ? 1 : 0,
                                            static_cast<std::int64_t>(options_.seed)};
  writer.put_i64(prefix + ".numbers", numbers);
}

void Evidence::load(const StateReader& reader, const std::string& prefix) {
  std::vector<double> ordinary = reader.get_f64(prefix + ".ordinary");
  const std::vector<double> wealth = reader.get_f64(prefix + ".wealth");
  const std::vector<std::int64_t> numbers = reader.get_i64(prefix + ".numbers");
  const bool is_sorted =
      ordinary.size() < options_.ordinary || std::is_sorted(ordinary.begin(), ordinary.end());
  if (ordinary.size() > options_.ordinary || !is_sorted || !all_finite(ordinary) ||
      wealth.size() != wealth_.size() || !all_finite(wealth) ||
      std::any_of(wealth.begin(), wealth.end(), [](double part) { return part < 0; }) ||
      numbers.size() != 3 || numbers[0] < 0) {
    fail(ErrorCode::BadFile, "guards: state has a test for a shift that is none");
  }
  ordinary_ = std::move(ordinary);
  std::copy(wealth.begin(), wealth.end(), wealth_.begin());
  seen_ = numbers[0];
  raised_ = numbers[1] != 0;
  options_.seed = static_cast<std::uint64_t>(numbers[2]);
}

}  // namespace zoa
