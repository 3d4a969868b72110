// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/lame.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

// Rows of length 1.
std::vector<double> normalized(std::span<const float> features, std::size_t width) {
  std::vector<double> rows(features.begin(), features.end());
  for (std::size_t i = 0; i < rows.size(); i += width) {
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last = first + static_cast<std::ptrdiff_t>(width);
    const double length = std::max(std::sqrt(std::inner_product(first, last, first, 0.0)), 1e-12);
    std::transform(first, last, first, [length](double value) { return value / length; });
  }
  return rows;
}

// f(row a, row b) for all pairs; f must be symmetric.
template <class F>
std::vector<double> for_pairs(std::span<const double> rows, std::size_t width, const F& f) {
  const std::size_t count = rows.size() / width;
  std::vector<double> values(count * count);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      values[a * count + b] = values[b * count + a] =
          f(rows.subspan(a * width, width), rows.subspan(b * width, width));
    }
  }
  return values;
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double distance(std::span<const double> a, std::span<const double> b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    squares += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return std::sqrt(squares);
}

// 1 for the nearest others; of equally near ones the first in the batch.
std::vector<double> nearest_others(std::span<const double> distances,
                                   std::size_t count,
                                   std::size_t neighbours) {
  std::vector<double> affinity(count * count, 0.0);
  std::vector<std::size_t> others;
  for (std::size_t a = 0; a < count; ++a) {
    others.clear();
    for (std::size_t b = 0; b < count; ++b) {
      if (b != a) {
        others.push_back(b);
      }
    }
    const auto row = distances.subspan(a * count, count);
    std::stable_sort(others.begin(), others.end(),
                     [row](std::size_t x, std::size_t y) { return row[x] < row[y]; });
    others.resize(std::min(others.size(), neighbours));
    for (const std::size_t b : others) {
      affinity[a * count + b] = 1;
    }
  }
  return affinity;
}

// Mean over the images of the distance to the one that comes at place `neighbours`, counting from
// the image itself.
double kernel_width(std::span<const double> distances, std::size_t count, std::size_t neighbours) {
  double sum = 0;
  std::vector<double> row(count);
  for (std::size_t a = 0; a < count; ++a) {
    std::copy_n(distances.begin() + static_cast<std::ptrdiff_t>(a * count), count, row.begin());
    const std::size_t place = std::min(neighbours, count) - 1;
    std::nth_element(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(place), row.end());
    sum += row[place];
  }
  return sum / static_cast<double>(count);
}

void to_log_softmax(std::span<double> row) {
  const double highest = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const double value : row) {
    sum += std::exp(value - highest);
  }
  const double norm = highest + std::log(sum);
  for (double& value : row) {
    value -= norm;
  }
}

void to_log_softmax(std::span<double> rows, std::size_t classes) {
  for (std::size_t i = 0; i < rows.size(); i += classes) {
    to_log_softmax(rows.subspan(i, classes));
  }
}

// out = affinity * assignment, (B, K)
void gather(std::span<const double> affinity,
            std::span<const double> assignment,
            std::size_t classes,
            std::span<double> out) {
  const std::size_t count = assignment.size() / classes;
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      const double weight = affinity[a * count + b];
      for (std::size_t k = 0; weight != 0 && k < classes; ++k) {
        out[a * classes + k] += weight * assignment[b * classes + k];
      }
    }
  }
}

class Lame : public StagedMethod<NoState> {
 public:
  Lame(const LameOptions& options, const ModelInfo& model)
      : StagedMethod(lame_info(options, model), list_options(options), {}),
        options_(options),
        model_(model) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const PassOutput output = forward.pass(SlotValues(model_.slots.size()));
    const std::size_t classes = model_.classes;
    const std::size_t width = model_.taps.back().width;
    const std::vector<float> features = last_features(model_, output);

    // Images with a number that is not finite have no neighbours and keep the network's answer.
    std::vector<std::size_t> images;
    std::vector<float> sound_features;
    std::vector<float> sound_logits;
    for (std::size_t i = 0; i < batch.count; ++i) {
      const auto feature = std::span(features).subspan(i * width, width);
      const auto logits = output.logits.subspan(i * classes, classes);
      if (all_finite(feature) && all_finite(logits)) {
        images.push_back(i);
        sound_features.insert(sound_features.end(), feature.begin(), feature.end());
        sound_logits.insert(sound_logits.end(), logits.begin(), logits.end());
      }
    }
    const std::vector<float> assigned = compute_assignment(
        options_, sound_logits, classes, compute_affinity(options_, sound_features, width));
    StepResult result = make_result(output.logits, output.logits, classes);
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::copy_n(assigned.begin() + static_cast<std::ptrdiff_t>(i * classes), classes,
                  result.logits.begin() + static_cast<std::ptrdiff_t>(images[i] * classes));
    }
    return result;
  }

 private:
  LameOptions options_;
  ModelInfo model_;
};

}  // namespace

std::vector<double> compute_affinity(const LameOptions& options,
                                     std::span<const float> features,
                                     std::size_t width) {
  const std::size_t count = features.size() / width;
  const auto neighbours = static_cast<std::size_t>(options.neighbours);
  const std::vector<double> rows = normalized(features, width);
  if (options.affinity == "linear") {
    return for_pairs(rows, width, dot);
  }
  std::vector<double> distances = for_pairs(rows, width, distance);
  if (options.affinity == "knn") {
    std::vector<double> affinity = nearest_others(distances, count, neighbours);
    for (std::size_t a = 0; options.symmetric && a < count; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const double mean = (affinity[a * count + b] + affinity[b * count + a]) / 2;
        affinity[a * count + b] = affinity[b * count + a] = mean;
      }
    }
    return affinity;
  }
  if (options.affinity != "rbf") {
    fail(ErrorCode::InvalidArgument,
         unknown_name_text("affinity", options.affinity, {"knn", "rbf", "linear"}));
  }
  // Differs: a width of 0 (all images alike, or one image) leaves only what lies at distance 0; the
  // reference divides by it.
  const double sigma = std::max(count == 0 ? 0 : kernel_width(distances, count, neighbours),
                                std::numeric_limits<double>::min());
  for (double& value : distances) {
    value = std::exp(-value / sigma * (value / sigma) / 2);
  }
  return distances;
}

std::vector<float> compute_assignment(const LameOptions& options,
                                      std::span<const float> logits,
                                      std::size_t classes,
                                      std::span<const double> affinity) {
  std::vector<double> prior(logits.begin(), logits.end());
  to_log_softmax(prior, classes);
  for (double& value : prior) {
    value = std::log(std::exp(value) + 1e-10);
  }
  std::vector<double> logs = prior;
  to_log_softmax(logs, classes);
  std::vector<double> assignment(logs.size());
  std::vector<double> pairwise(logs.size());
  double old = std::numeric_limits<double>::infinity();
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    std::transform(logs.begin(), logs.end(), assignment.begin(),
                   [](double value) { return std::exp(value); });
    gather(affinity, assignment, classes, pairwise);
    std::transform(prior.begin(), prior.end(), pairwise.begin(), logs.begin(), std::plus<>());
    to_log_softmax(logs, classes);
    double energy = 0;
    for (std::size_t i = 0; i < logs.size(); ++i) {
      energy += std::exp(logs[i]) * (logs[i] - prior[i] - pairwise[i]);
    }
    if (round > 1 && std::abs(energy - old) <= options.tolerance * std::abs(old)) {
      break;
    }
    old = energy;
  }
  return {logs.begin(), logs.end()};
}

LameOptions default_lame_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo lame_info(const LameOptions& options, const ModelInfo& /*model*/) {
  compute_affinity(options, {}, 1);  // refuses an unknown one
  MethodInfo info;
  info.name = "lame";
  info.title = "answers corrected towards those of similar images of the batch, one pass per batch";
  info.paper = "Parameter-free Online Test-time Adaptation, CVPR 2022, arXiv 2201.05718";
  info.needs_taps = true;
  return info;
}

std::unique_ptr<Method> make_lame(const LameOptions& options,
                                  std::uint64_t /*seed*/,
                                  const ModelInfo& model,
                                  const SourceStats& /*stats*/) {
  check_features(model);
  return std::make_unique<Lame>(options, model);
}

}  // namespace zoa
