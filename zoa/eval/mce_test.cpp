// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/mce.h"

#include <string>

#include <gtest/gtest.h>

namespace zoa {
namespace {

void add_domain(MethodSummary& summary, const std::string& domain, std::size_t correct) {
  summary.domains.emplace_back(DomainScore{domain, 100, correct});
}

// Right answers of 100 at severities 1 to 5.
MethodSummary make_summary() {
  MethodSummary summary;
  for (int severity = 1; severity <= 5; ++severity) {
    const std::string at = "@" + std::to_string(severity);
    add_domain(summary, "fog" + at, 70 - 10 * static_cast<std::size_t>(severity));  // 60 .. 20
    add_domain(summary, "brightness" + at, 80);                                     // always 80
    add_domain(summary, "speckle_noise" + at, 10);                                  // no reference
  }
  add_domain(summary, "snow@5", 0);
  return summary;
}

RunHeader make_header(const std::string& data) {
  RunHeader header;
  header.data = data;
  return header;
}

TEST(Mce, ByHand) {
  const Mce mce = compute_mce(make_header("imagenet-c:DIR"), make_summary()).value();
  EXPECT_EQ(mce.corruptions, 2U) << "snow has one severity only";
  EXPECT_NEAR(mce.value, (0.6 / 0.819324 + 0.2 / 0.564592) / 2, 1e-12);
}

TEST(Mce, OnlyWhereTheReferenceHolds) {
  EXPECT_FALSE(compute_mce(make_header("cifar10-c:DIR"), make_summary()).has_value());
  MethodSummary one_severity;
  add_domain(one_severity, "fog", 50);
  EXPECT_FALSE(compute_mce(make_header("imagenet-c:DIR"), one_severity).has_value());
}

TEST(Mce, AlexNetItselfHasOne) {
  MethodSummary summary;
  for (const char* name : {"fog", "jpeg_compression", "zoom_blur"}) {
    const double error = alexnet_error(name).value();
    for (int severity = 1; severity <= 5; ++severity) {
      summary.domains.emplace_back(DomainScore{name + std::string("@") + std::to_string(severity),
                                               1'000'000,
                                               static_cast<std::size_t>(1e6 * (1 - error) + 0.5)});
    }
  }
  EXPECT_NEAR(compute_mce(make_header("imagenet-c:DIR"), summary)->value, 1, 1e-9);
  EXPECT_FALSE(alexnet_error("saturate").has_value());
}

}  // namespace
}  // namespace zoa
