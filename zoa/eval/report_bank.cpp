// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_bank.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "zoa/eval/html.h"
#include "zoa/eval/report_series.h"
#include "zoa/eval/stream_frame.h"
#include "zoa/eval/table.h"

namespace zoa::detail {
namespace {

constexpr double kRow = 15;
constexpr double kNames = 170;  // width of the names
constexpr std::size_t kMostEntries = 48;
constexpr std::size_t kMostColumns = 320;
constexpr int kLevels = 20;
constexpr std::size_t kMostName = 24;

// Entries that are in the bank now, as indices into all entries, in the order of the weights.
class Follower {
 public:
  void add(const BatchRecord& record, double images);
  std::vector<BankEntry> take() { return std::move(entries_); }

 private:
  void start(const std::string& name) {
    present_.push_back(entries_.size());
    entries_.push_back({name, {}, {}, {}});
  }

  std::vector<BankEntry> entries_;
  std::vector<std::size_t> present_;
  std::vector<std::pair<std::string, std::size_t>> since_;  // images of each domain since a change
};

std::string most_frequent(const std::vector<std::pair<std::string, std::size_t>>& counts) {
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most != counts.end() ? most->first : "start";
}

void Follower::add(const BatchRecord& record, double images) {
  if (record.bank_weights.empty()) {
    return;
  }
  if (record.removed_entry && *record.removed_entry < present_.size()) {
    present_.erase(present_.begin() + static_cast<std::ptrdiff_t>(*record.removed_entry));
  }
  if (present_.size() > record.bank_weights.size()) {  // a reset
    present_.clear();
  }
  if (present_.empty()) {
    start("as shipped");
  }
  while (present_.size() < record.bank_weights.size()) {
    start(most_frequent(since_));
  }
  for (std::size_t i = 0; i < present_.size(); ++i) {
    BankEntry& entry = entries_[present_[i]];
    entry.begin.push_back(images);
    entry.end.push_back(images + static_cast<double>(record.count));
    entry.weight.push_back(record.bank_weights[i]);
  }
  if (record.changed) {
    since_.clear();
  }
  const std::string name =
      record.round > 1 ? record.domain + " (" + std::to_string(record.round) + ")" : record.domain;
  if (since_.empty() || since_.back().first != name) {
    since_.emplace_back(name, 0);
  }
  since_.back().second += record.count;
}

int level_of(double weight) {
  return static_cast<int>(std::lround(std::sqrt(std::clamp(weight, 0.0, 1.0)) * kLevels));
}

// Neighbouring batches of one level become one rectangle.
void draw_entry(std::ostream& svg, const StreamFrame& frame, const BankEntry& entry, double top) {
  const std::string name =
      entry.name.size() > kMostName ? entry.name.substr(0, kMostName - 2) + ".." : entry.name;
  svg << "<text text-anchor=\"end\" x=\"" << frame.left - 8 << "\" y=\"" << coordinate(top + 11)
      << "\">" << escape_html(name) << "</text>";
  const std::size_t stride = 1 + entry.weight.size() / kMostColumns;
  std::size_t i = 0;
  while (i < entry.weight.size()) {
    const std::size_t first = i;
    const int level = level_of(entry.weight[i]);
    i += stride;
    while (i < entry.weight.size() && level_of(entry.weight[i]) == level) {
      i += stride;
    }
    const std::size_t last = std::min(i, entry.weight.size()) - 1;
    const double left = frame.x(entry.begin[first]);
    svg << "<rect class=\"fill\" x=\"" << coordinate(left) << "\" y=\"" << coordinate(top + 1)
        << "\" width=\"" << coordinate(frame.x(entry.end[last]) - left + 0.3) << "\" height=\""
        << kRow - 2 << "\" fill-opacity=\"" << coordinate(static_cast<double>(level) / kLevels)
        << "\"><title>" << escape_html(entry.name) << ": " << percent_text(entry.weight[first])
        << " %</title></rect>";
  }
  svg << "\n";
}

// Those with the largest single weight, in the order in which they came.
std::vector<BankEntry> most_used(std::vector<BankEntry> entries) {
  if (entries.size() <= kMostEntries) {
    return entries;
  }
  std::vector<double> sums;
  const auto sum_of = [](const BankEntry& entry) {
    double sum = 0;
    for (std::size_t i = 0; i < entry.weight.size(); ++i) {
      sum += entry.weight[i] * (entry.end[i] - entry.begin[i]);
    }
    return sum;
  };
  sums.reserve(entries.size());
  for (const BankEntry& entry : entries) {
    sums.push_back(sum_of(entry));
  }
  std::nth_element(sums.begin(), sums.begin() + kMostEntries - 1, sums.end(), std::greater<>());
  const double least = sums[kMostEntries - 1];
  std::erase_if(entries, [&](const BankEntry& entry) { return sum_of(entry) < least; });
  return entries;
}

}  // namespace

std::vector<BankEntry> follow_bank(const Run& run, const std::string& method) {
  Follower follower;
  double images = 0;
  for (const BatchRecord& record : run.batches) {
    if (record.method == method) {
      follower.add(record, images);
      images += static_cast<double>(record.count);
    }
  }
  return follower.take();
}

std::string bank_plot(const Run& run, const std::string& method, std::size_t series) {
  const std::vector<BankEntry> all = follow_bank(run, method);
  if (all.size() < 2) {
    return "";
  }
  const std::vector<BankEntry> entries = most_used(all);
  const std::vector<StreamBand> bands = find_bands(run);
  const StreamFrame frame =
      make_frame(bands, kNames, kRow * static_cast<double>(entries.size()) + 2);
  std::ostringstream svg;
  svg << "<svg class=\"plot " << series_class(series)
      << "\" role=\"img\" aria-label=\"Weights of the bank of " << escape_html(method)
      << "\" viewBox=\"0 0 " << kPlotWidth << " " << coordinate(frame.bottom() + 46) << "\">\n";
  draw_bands(svg, frame, bands);
  double top = frame.top + 1;
  for (const BankEntry& entry : entries) {
    draw_entry(svg, frame, entry, top);
    top += kRow;
  }
  draw_image_axis(svg, frame, 0);
  svg << "</svg>\n";
  if (entries.size() < all.size()) {
    svg << "<p class=\"note\">The " << entries.size() << " most used of " << all.size()
        << " entries.</p>\n";
  }
  return svg.str();
}

}  // namespace zoa::detail
