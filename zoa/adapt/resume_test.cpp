// SPDX-License-Identifier: Apache-2.0
// Exact resume of every method: k batches, a snapshot on disk, a new method that loads it, the
// other batches - for every k the results and the last state of the uninterrupted run, bit for bit.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/adapt/snapshot.h"
#include "zoa/core/error.h"
#include "zoa/core/test_folder.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method.h"

namespace zoa {
namespace {

constexpr std::size_t kBatches = 50;
constexpr std::uint64_t kSeed = 7;

struct Case {
  std::string method;
  Family family;
};

// Domains come, go and come back; a batch too small to be tested for a change is among them.
Batch stream_batch(std::size_t k) {
  constexpr double kMeans[] = {0, 2, -1.5, 0.7};
  return make_fake_batch(k % 11 == 10 ? 20 : 64, 300 + k, kMeans[k / 6 % 4]);
}

bool same_bits(const StepResult& a, const StepResult& b) {
  return a.logits == b.logits && a.loss == b.loss && a.entropy == b.entropy &&
         a.discrepancy == b.discrepancy && a.loss_perturbed == b.loss_perturbed &&
         a.domain_distance == b.domain_distance && a.domain_changed == b.domain_changed &&
         a.removed_entry == b.removed_entry && a.bank_entries == b.bank_entries &&
         a.bank_weights == b.bank_weights && a.updated == b.updated;
}

class ResumeTest : public ::testing::TestWithParam<Case> {
 protected:
  ResumeTest() : needs_(method_needs(GetParam().method, options(), fake_model(GetParam().family))) {
    for (std::size_t k = 0; k < kBatches; ++k) {
      batches_.push_back(stream_batch(k));
    }
  }

  // A small bank, so that entries have to go.
  static OptionValues options() {
    return GetParam().method == "zoa" ? OptionValues{{"bank_size", "3"}} : OptionValues{};
  }

  std::unique_ptr<Method> make(std::uint64_t seed) const {
    const FakeForward forward(GetParam().family, needs_);
    return make_method(GetParam().method, options(), seed, forward.info(),
                       make_fake_stats(forward.info()));
  }

  static MemoryState state_of(const Method& method) {
    MemoryState state;
    method.save(state);
    set_owner(state, {method.info().name, "fake", "0123"});
    return state;
  }

  static void expect_same(const StepResult& found, const StepResult& wanted, std::size_t k) {
    ASSERT_TRUE(same_bits(found, wanted)) << "batch " << k;
  }

  MethodInfo needs_;
  std::vector<Batch> batches_;
};

TEST_P(ResumeTest, EveryPlaceOfTheStream) {
  const TestFolder folder;
  FakeForward forward(GetParam().family, needs_);
  const auto whole = make(kSeed);
  std::vector<StepResult> wanted;
  for (std::size_t k = 0; k < kBatches; ++k) {
    save_snapshot(folder.file(std::to_string(k)), state_of(*whole));
    wanted.push_back(whole->step(batches_[k], forward));
    whole->accept();
  }
  const MemoryState last = state_of(*whole);
  for (std::size_t k = 0; k < kBatches; ++k) {
    LoadedSnapshot loaded = load_snapshot(folder.file(std::to_string(k)),
                                          StateOwner{GetParam().method, "fake", "0123"});
    FakeForward other_forward(GetParam().family, needs_);
    const auto resumed = make(kSeed + 1);
    resumed->load(loaded.state);
    for (std::size_t rest = k; rest < kBatches; ++rest) {
      expect_same(resumed->step(batches_[rest], other_forward), wanted[rest], rest);
      resumed->accept();
    }
    ASSERT_EQ(state_of(*resumed).to_bytes(), last.to_bytes()) << "resumed at " << k;
  }
}

// The stream is not one that changes nothing: the methods learn, zoa changes its domain and
// removes.
TEST_P(ResumeTest, TheStreamHasWhatMatters) {
  FakeForward forward(GetParam().family, needs_);
  const auto method = make(kSeed);
  const MemoryState first = state_of(*method);
  std::size_t updates = 0;
  std::size_t removals = 0;
  for (const Batch& batch : batches_) {
    const StepResult result = method->step(batch, forward);
    updates += result.updated ? 1U : 0U;
    removals += result.removed_entry ? 1U : 0U;
    method->accept();
  }
  EXPECT_GE(updates, kBatches / 2);
  EXPECT_FALSE(state_of(*method) == first);
  if (GetParam().method == "zoa") {
    EXPECT_GE(removals, 2U);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods,
                         ResumeTest,
                         ::testing::Values(Case{"zoa", Family::Vit},
                                           Case{"zoa", Family::Cnn},
                                           Case{"t3a", Family::Vit},
                                           Case{"bn-ema", Family::Cnn},
                                           Case{"foa", Family::Vit},
                                           Case{"pace", Family::Vit}),
                         [](const auto& named) {
                           std::string name = named.param.method;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + (named.param.family == Family::Vit ? "_vit" : "_cnn");
                         });

}  // namespace
}  // namespace zoa
