// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pace_bank.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"

namespace zoa {
namespace {

// An entry of zeros has no direction: similarity 0 to all.
std::vector<double> unit(std::span<const double> values) {
  double square = 0;
  for (const double value : values) {
    square += value * value;
  }
  const double length = std::sqrt(square);
  std::vector<double> scaled(values.begin(), values.end());
  for (double& value : scaled) {
    value = length > 0 ? value / length : 0;
  }
  return scaled;
}

}  // namespace

std::size_t PaceBank::most_redundant() const {
  std::vector<std::vector<double>> units;
  units.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    units.push_back(unit(*entry));
  }
  std::vector<double> similarity(units.size());  // to all others, summed
  for (std::size_t a = 0; a < units.size(); ++a) {
    for (std::size_t b = 0; b < units.size(); ++b) {
      for (std::size_t i = 0; i < width_ && a != b; ++i) {
        similarity[a] += units[a][i] * units[b][i];
      }
    }
  }
  const auto highest = std::max_element(similarity.begin(), similarity.end());
  return static_cast<std::size_t>(highest - similarity.begin());
}

std::optional<std::size_t> PaceBank::insert(std::span<const double> mean) {
  if (capacity_ == 0) {
    return std::nullopt;
  }
  entries_.push_back(std::make_shared<const std::vector<double>>(mean.begin(), mean.end()));
  if (entries_.size() <= capacity_) {
    return std::nullopt;
  }
  const std::size_t index = most_redundant();
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  return index;
}

void PaceBank::save(StateWriter& writer, const std::string& prefix) const {
  std::vector<double> rows;
  rows.reserve(entries_.size() * width_);
  for (const Entry& entry : entries_) {
    rows.insert(rows.end(), entry->begin(), entry->end());
  }
  writer.put_f64(prefix + ".bank", rows);
}

void PaceBank::load(const StateReader& reader, const std::string& prefix) {
  const std::vector<double> rows = reader.get_f64(prefix + ".bank");
  if (rows.size() % width_ != 0 || rows.size() / width_ > capacity_) {
    fail(ErrorCode::StateMismatch, "state has a bank of ", rows.size(),
         " numbers, expected at most ", capacity_, " entries of ", width_);
  }
  if (!all_finite(rows)) {
    fail(ErrorCode::BadFile, "state has a bank with numbers that are not finite");
  }
  entries_.clear();
  const auto step = static_cast<std::ptrdiff_t>(width_);
  for (auto row = rows.begin(); row != rows.end(); row += step) {
    entries_.push_back(std::make_shared<const std::vector<double>>(row, row + step));
  }
}

}  // namespace zoa
