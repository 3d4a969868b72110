// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/running_moments.h"

#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"

namespace zoa {
namespace {

RunningMoments make_running(double prior, double momentum = 0.1) {
  const std::vector<float> mean = {1};
  const std::vector<float> variance = {4};
  return {mean, variance, {prior, momentum}};
}

void observe(RunningMoments& running, double mean, double variance, std::size_t images) {
  running.observe(std::vector<double>{mean}, std::vector<double>{variance}, images);
}

TEST(RunningMoments, StartsWithCleanDataThatWeighsAsThePrior) {
  RunningMoments running = make_running(16);
  EXPECT_DOUBLE_EQ(running.mean()[0], 1);
  EXPECT_DOUBLE_EQ(running.variance(0), 4);
  observe(running, 6, 0, 64);  // share 64 / 80
  EXPECT_DOUBLE_EQ(running.mean()[0], 5);
  // 0.2 * (4 + 1) + 0.8 * 36 - 25
  EXPECT_NEAR(running.variance(0), 4.8, 1e-12);
}

TEST(RunningMoments, OneBatchIsItsImagesOneByOne) {
  RunningMoments whole = make_running(16);
  RunningMoments single = make_running(16);
  observe(whole, 2.5, 1.25, 4);  // of 1, 2, 3, 4
  for (const double value : {1.0, 2.0, 3.0, 4.0}) {
    observe(single, value, 0, 1);
  }
  EXPECT_NEAR(single.mean()[0], whole.mean()[0], 1e-12);
  EXPECT_NEAR(single.variance(0), whole.variance(0), 1e-12);
}

TEST(RunningMoments, InTheLongRunABatchOf64CountsAsTheMomentum) {
  RunningMoments running = make_running(1e6);  // capped at the horizon
  observe(running, 11, 4, 64);
  EXPECT_NEAR(running.mean()[0], 1 + 0.1 * 10, 1e-12);
}

TEST(RunningMoments, SavesAndLoads) {
  RunningMoments running = make_running(16);
  observe(running, 6, 0, 64);
  MemoryState state;
  running.save(state, "x");
  RunningMoments other = make_running(16);
  other.load(state, "x");
  observe(running, 2, 1, 8);
  observe(other, 2, 1, 8);
  EXPECT_EQ(running.mean()[0], other.mean()[0]);
  state.put_f64("x.mean", std::vector<double>(2));
  EXPECT_THROW(other.load(state, "x"), Error);
}

TEST(AlignChannel, MovesMeanAndDeviationByTheShare) {
  // Deviation 2 to 1: scale 0.75 at half way; mean 3 to 3 + (1 - 3) / 2 = 2.
  const ChannelMap map = align_channel({3, 4}, {1, 1}, 0.5, 3);
  EXPECT_NEAR(map.scale, 0.75, 1e-9);
  EXPECT_NEAR(3 * map.scale + map.offset, 2, 1e-9);
  const ChannelMap whole = align_channel({3, 4}, {1, 1}, 1, 3);
  EXPECT_NEAR(5 * whole.scale + whole.offset, 2, 1e-9);  // one deviation above either mean
}

TEST(AlignChannel, TheRatioIsClamped) {
  EXPECT_DOUBLE_EQ(align_channel({0, 0}, {0, 1}, 1, 3).scale, 3);
  EXPECT_DOUBLE_EQ(align_channel({0, 1}, {0, 0}, 1, 3).scale, 1.0 / 3);
  EXPECT_DOUBLE_EQ(align_channel({0, 0}, {0, 0}, 1, 3).scale, 1);
  EXPECT_DOUBLE_EQ(align_channel({5, 1}, {2, 4}, 0, 3).offset, 0);
}

}  // namespace
}  // namespace zoa
