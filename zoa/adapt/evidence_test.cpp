// SPDX-License-Identifier: Apache-2.0
// The test for a shift and the range of usual values.
#include "zoa/adapt/evidence.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "zoa/adapt/usual_range.h"
#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/core/state_file.h"

namespace zoa {
namespace {

EvidenceOptions one_percent(std::uint64_t seed) {
  return {0.01, 512, seed};
}

// Entropies are skewed: exponentials.
double draw(const Rng& rng, std::uint64_t index, double scale) {
  return -scale * std::log(1 - rng.uniform(index));
}

TEST(Evidence, OrdinaryStreamsRarelyRaiseAnAlarm) {
  constexpr std::size_t kStreams = 500;
  std::size_t alarms = 0;
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    const Rng rng(stream, 1);
    Evidence evidence(one_percent(stream));
    bool raised = false;
    for (std::size_t i = 0; i < 512 + 2000; ++i) {
      evidence.add(draw(rng, i, 1));
      raised = raised || evidence.is_raised();
    }
    alarms += raised ? 1 : 0;
  }
  RecordProperty("alarms", static_cast<int>(alarms));
  EXPECT_LE(alarms, kStreams / 100) << "of " << kStreams;
}

TEST(Evidence, AShiftIsSeenAndItsEndToo) {
  const Rng rng(1, 1);
  Evidence evidence(one_percent(3));
  std::size_t i = 0;
  for (; i < 512; ++i) {
    evidence.add(draw(rng, i, 1));
  }
  EXPECT_TRUE(evidence.is_ready());
  EXPECT_FALSE(evidence.is_raised());
  for (; i < 512 + 256; ++i) {
    evidence.add(draw(rng, i, 2));
  }
  EXPECT_TRUE(evidence.is_raised());
  for (; i < 512 + 256 + 1024 && evidence.is_raised(); ++i) {
    evidence.add(draw(rng, i, 1));
  }
  EXPECT_FALSE(evidence.is_raised());
}

TEST(Evidence, EqualValuesAreNoEvidence) {
  Evidence evidence(one_percent(0));
  for (std::size_t i = 0; i < 4000; ++i) {
    evidence.add(0.5);
    evidence.add(std::numeric_limits<double>::quiet_NaN());
    ASSERT_FALSE(evidence.is_raised());
  }
}

TEST(Evidence, GoesOnFromItsState) {
  const Rng rng(2, 1);
  Evidence whole(one_percent(5));
  for (std::size_t i = 0; i < 900; ++i) {
    if (i % 180 == 100) {
      MemoryState state;
      whole.save(state, "e");
      Evidence loaded(one_percent(5));
      loaded.load(state, "e");
      loaded.add(draw(rng, i, 1.5));
      Evidence copy = whole;
      copy.add(draw(rng, i, 1.5));
      EXPECT_EQ(loaded.wealth(), copy.wealth());
      EXPECT_EQ(loaded.is_raised(), copy.is_raised());
    }
    whole.add(draw(rng, i, 1.5));
  }
}

TEST(Evidence, RefusesAStateThatCannotBe) {
  Evidence evidence({0.01, 32, 0});
  for (std::size_t i = 0; i < 40; ++i) {
    evidence.add(static_cast<double>(i));
  }
  MemoryState state;
  evidence.save(state, "e");
  Evidence smaller({0.01, 16, 0});
  EXPECT_THROW(smaller.load(state, "e"), Error);
  state.put_f64("e.wealth", std::vector<double>{1, -1, 1});
  EXPECT_THROW(evidence.load(state, "e"), Error);
}

TEST(UsualRange, OutliersDoNotWidenIt) {
  UsualRange range;
  for (std::size_t i = 0; i < UsualRange::kLeast - 1; ++i) {
    range.add(1);
  }
  EXPECT_EQ(range.limit(6), std::numeric_limits<double>::infinity());
  range.add(1);
  EXPECT_EQ(range.limit(6), 1);  // all alike
  // Median of 8 ones, 4 of 0 and 4 of 2: 1; half of the distances are 0, half 1.
  for (std::size_t i = 0; i < 5; ++i) {
    range.add(0);
    range.add(2);
  }
  EXPECT_NEAR(range.limit(2), 1 + 2 * 1.4826, 1e-12);
  range.add(1e9);
  range.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_NEAR(range.limit(2), 1 + 2 * 1.4826, 1e-12);
}

TEST(UsualRange, RefusesAStateThatCannotBe) {
  MemoryState state;
  state.put_f64("r", std::vector<double>(UsualRange::kMost + 1, 1.0));
  UsualRange range;
  EXPECT_THROW(range.load(state, "r"), Error);
  state.put_f64("r", std::vector<double>{std::numeric_limits<double>::infinity()});
  EXPECT_THROW(range.load(state, "r"), Error);
}

}  // namespace
}  // namespace zoa
