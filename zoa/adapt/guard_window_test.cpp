// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard_window.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"

namespace zoa {
namespace {

std::vector<float> picture(std::uint64_t seed, float scale = 1, float offset = 0) {
  const Rng rng(seed, 0);
  std::vector<float> pixels(3 * 32 * 32);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = offset + scale * static_cast<float>(rng.normal(i));
  }
  return pixels;
}

FrameFacts describe(const std::vector<float>& pixels) {
  return describe_frame(pixels, 3, 32);
}

TEST(GuardWindow, FindsFramesThatAreNoNumbersOrNoPictures) {
  EXPECT_TRUE(describe(picture(1)).finite);
  EXPECT_FALSE(describe(picture(1)).constant);
  auto bad = picture(1);
  bad[2000] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(describe(bad).finite);
  bad[2000] = -std::numeric_limits<float>::infinity();
  EXPECT_FALSE(describe(bad).finite);
  EXPECT_TRUE(describe(std::vector<float>(3072, -2.1F)).constant);
  // A colour is constant too, one other pixel is not.
  std::vector<float> colour(3072, 0.5F);
  std::fill(colour.begin(), colour.begin() + 1024, -1.0F);
  EXPECT_TRUE(describe(colour).constant);
  colour[1500] += 0.01F;
  EXPECT_FALSE(describe(colour).constant);
}

TEST(GuardWindow, DuplicatesAreOnePictureWhateverTheContrast) {
  for (const float scale : {1.0F, 0.01F}) {
    const auto frame = picture(1, scale);
    auto noisy = frame;
    const auto noise = picture(2, scale * 0.01F);
    for (std::size_t i = 0; i < noisy.size(); ++i) {
      noisy[i] += noise[i];
    }
    EXPECT_TRUE(is_duplicate(describe(frame), describe(noisy), 0.02));
    EXPECT_FALSE(is_duplicate(describe(frame), describe(picture(3, scale)), 0.02));
    // A brighter frame is the same picture.
    EXPECT_TRUE(is_duplicate(describe(frame), describe(picture(1, scale, 0.2F)), 0.02));
  }
  EXPECT_FALSE(is_duplicate(describe(picture(1)), describe(picture(1, 0.9F)), 0.02));
}

TEST(GuardWindow, CensusCountsEachFrameOnce) {
  WindowCensus census(0.02);
  auto bad = picture(1);
  bad[0] = std::numeric_limits<float>::infinity();
  census.add(describe(picture(1)));
  census.add(describe(picture(2)));
  census.add(describe(picture(1)));
  census.add(describe(bad));
  census.add(describe(std::vector<float>(3072, 0.0F)));
  EXPECT_EQ(census.facts().count, 5U);
  EXPECT_EQ(census.facts().distinct, 2U);
  EXPECT_EQ(census.facts().duplicates, 1U);
  EXPECT_EQ(census.facts().non_finite, 1U);
  EXPECT_EQ(census.facts().constant, 1U);
  census.clear();
  census.add(describe(picture(1)));
  EXPECT_EQ(census.facts().distinct, 1U);
}

TEST(GuardWindow, ImagesSmallerThanTheSketchAndWrongSizes) {
  EXPECT_EQ(describe_frame(std::vector<float>{1, 2, 3, 4}, 1, 2).sketch.size(), 64U);
  EXPECT_THROW(describe_frame(std::vector<float>(7), 2, 1), Error);
  EXPECT_THROW(describe_frame(std::vector<float>(12), 2, 4), Error);
  EXPECT_THROW(describe_frame({}, 0, 1), Error);
}

TEST(GuardWindow, AnswersByHand) {
  // Two sure answers for different classes: no entropy, the widest spread.
  const AnswerFacts sure = describe_answers(std::vector<float>{99, 0, 0, 99}, 2);
  EXPECT_NEAR(sure.entropy, 0, 1e-9);
  EXPECT_NEAR(sure.spread, 1, 1e-9);
  // One class: no spread.
  EXPECT_NEAR(describe_answers(std::vector<float>{99, 0, 99, 0}, 2).spread, 0, 1e-9);
  // No preference: all entropy. Shares 1/4 and 3/4: 0.8113 bits.
  EXPECT_NEAR(describe_answers(std::vector<float>{1, 1, 1, 1}, 2).entropy, 1, 1e-9);
  const float odds = std::log(3.0F);
  EXPECT_NEAR(describe_answers(std::vector<float>{0, odds}, 2).entropy, 0.8113, 1e-4);
  // Two images can show two of four classes at most.
  EXPECT_NEAR(describe_answers(std::vector<float>{99, 0, 0, 0, 0, 99, 0, 0}, 4).spread, 1, 1e-6);
}

TEST(GuardWindow, AnswersThatAreNoNumbersDoNotCount) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const AnswerFacts facts = describe_answers(std::vector<float>{nan, 0, 99, 0}, 2);
  EXPECT_FALSE(facts.finite);
  EXPECT_EQ(facts.count, 1U);
  EXPECT_NEAR(facts.entropy, 0, 1e-9);
  EXPECT_EQ(describe_answers(std::vector<float>{nan, 0}, 2).count, 0U);
}

}  // namespace
}  // namespace zoa
