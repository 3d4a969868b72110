// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/mce.h"

#include <algorithm>
#include <array>
#include <utility>

namespace zoa {
namespace {

constexpr int kSeverities = 5;

constexpr std::array<std::pair<const char*, double>, 15> kAlexNetErrors{{
    {"gaussian_noise", 0.886428},
    {"shot_noise", 0.894468},
    {"impulse_noise", 0.922640},
    {"defocus_blur", 0.819880},
    {"glass_blur", 0.826268},
    {"motion_blur", 0.785948},
    {"zoom_blur", 0.798360},
    {"snow", 0.866816},
    {"frost", 0.826572},
    {"fog", 0.819324},
    {"brightness", 0.564592},
    {"contrast", 0.853204},
    {"elastic_transform", 0.646056},
    {"pixelate", 0.717840},
    {"jpeg_compression", 0.606500},
}};

// Mean error over all five severities; none if one is not there.
std::optional<double> mean_error(const MethodSummary& summary, const std::string& corruption) {
  double sum = 0;
  for (int severity = 1; severity <= kSeverities; ++severity) {
    const std::string name = corruption + "@" + std::to_string(severity);
    const auto found = std::find_if(summary.domains.begin(), summary.domains.end(),
                                    [&](const DomainScore& s) { return s.domain == name; });
    const std::optional<double> top1 =
        found != summary.domains.end() ? found->top1() : std::nullopt;
    if (!top1) {
      return std::nullopt;
    }
    sum += 1 - *top1;
  }
  return sum / kSeverities;
}

}  // namespace

std::optional<double> alexnet_error(const std::string& corruption) {
  for (const auto& [name, error] : kAlexNetErrors) {
    if (corruption == name) {
      return error;
    }
  }
  return std::nullopt;
}

std::optional<Mce> compute_mce(const RunHeader& header, const MethodSummary& summary) {
  if (header.data.rfind("imagenet-c:", 0) != 0) {
    return std::nullopt;
  }
  Mce mce;
  for (const auto& [name, reference] : kAlexNetErrors) {
    if (const std::optional<double> error = mean_error(summary, name)) {
      mce.value += *error / reference;
      ++mce.corruptions;
    }
  }
  if (mce.corruptions == 0) {
    return std::nullopt;
  }
  mce.value /= static_cast<double>(mce.corruptions);
  return mce;
}

}  // namespace zoa
