// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/state_facts.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/adapt/guarded_method.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/bank_merge.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

MemoryState zoa_state() {
  KnowledgeBank bank({2, 2}, {32, 10}, 0.5);
  bank.assign({0.5}, {3, 4, 0, 0});
  bank.insert({{1}, {1}});
  bank.assign({0.5, 0.5 + std::log(3.0) / 10}, {0, 0, 0, 2});
  MemoryState state;
  set_owner(state, {"zoa", "net", "0123"});
  state.put_i64("zoa.counters", std::vector<std::int64_t>{2, 11, 42});
  bank.save(state, "zoa");
  return state;
}

TEST(StateFacts, TellsOfTheBank) {
  const StateFacts facts = describe_state(zoa_state());
  EXPECT_EQ(facts.schema, 1);
  EXPECT_EQ(facts.owner, (StateOwner{"zoa", "net", "0123"}));
  EXPECT_EQ(facts.steps, std::uint64_t{42});
  EXPECT_EQ(facts.seed, std::uint64_t{11});
  EXPECT_EQ(facts.bytes, zoa_state().to_bytes().size());
  EXPECT_FALSE(facts.exported_bank);
  ASSERT_TRUE(facts.bank.has_value());
  const BankFacts& bank = facts.bank.value();
  EXPECT_EQ(bank.parameters, 4U);
  EXPECT_NEAR(bank.zero_weight.value_or(0), 0.25, 1e-12);
  EXPECT_NEAR(bank.eps_norm.value_or(0), 2, 1e-12);
  ASSERT_EQ(bank.entries.size(), 1U);
  EXPECT_NEAR(bank.entries[0].weight.value_or(0), 0.75, 1e-12);
  EXPECT_NEAR(bank.entries[0].norm, 5, 1e-6);
  EXPECT_NEAR(bank.total_norm.value_or(0), std::sqrt(0.75 * 0.75 * 25 + 4), 1e-6);
  ASSERT_EQ(facts.arrays.size(), 8U);
  EXPECT_EQ(facts.arrays[0].name, "zoa.alpha");
  EXPECT_EQ(facts.arrays[0].type, "F64");
  EXPECT_EQ(facts.arrays[0].values, 2U);
  EXPECT_EQ(facts.arrays[0].bytes, 16U);
}

TEST(StateFacts, AnExportedBankHasNoWeights) {
  const StateFacts facts = describe_state(export_bank(zoa_state()));
  EXPECT_TRUE(facts.exported_bank);
  EXPECT_FALSE(facts.steps.has_value());
  ASSERT_TRUE(facts.bank.has_value());
  EXPECT_FALSE(facts.bank->zero_weight.has_value());
  EXPECT_FALSE(facts.bank->entries.at(0).weight.has_value());
  EXPECT_NEAR(facts.bank->entries.at(0).norm, 5, 1e-6);
}

TEST(StateFacts, OtherStatesHaveArraysOnly) {
  MemoryState state;
  state.put_f32("t3a.x", std::vector<float>{1});
  const StateFacts facts = describe_state(state);
  EXPECT_EQ(facts.owner.method, "unknown");
  EXPECT_FALSE(facts.bank.has_value());
  EXPECT_EQ(facts.arrays.size(), 1U);
}

TEST(StateFacts, AGuardedStreamTellsItsCounters) {
  FakeForward forward(Family::Vit, guarded_info(zoa_info({}, fake_model(Family::Vit))));
  GuardedMethod method(make_zoa({}, 3, forward.info(), make_fake_stats(forward.info())),
                       guard_options("on"), 3, forward.info());
  FrameStream stream(method, forward, {8});
  for (std::uint64_t i = 0; i < 20; ++i) {
    stream.push(make_fake_batch(1, i / 2));  // each one twice, one of them in two windows
  }
  MemoryState state;
  stream.save(state);
  const StateFacts facts = describe_state(state);
  ASSERT_TRUE(facts.frames && facts.guard);
  EXPECT_EQ(facts.frames->frames, 20U);
  EXPECT_EQ(facts.frames->guarded, 9U);
  EXPECT_EQ(facts.guard->windows, 1);
  EXPECT_EQ(facts.guard->state, method.guard().state());
  EXPECT_EQ(facts.guard->counters[GuardReason::NearDuplicates], 9);
  state.put_i64("guard.numbers", std::vector<std::int64_t>{9, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(test::error_of([&] { describe_state(state); }).first, ErrorCode::BadFile);
  EXPECT_FALSE(describe_state(zoa_state()).guard.has_value());
}

TEST(StateFacts, ABrokenBankIsAnError) {
  MemoryState state = zoa_state();
  state.put_f64("zoa.alpha", std::vector<double>(7));
  EXPECT_EQ(test::error_of([&] { describe_state(state); }).first, ErrorCode::StateMismatch);
  state = zoa_state();
  state.put_i64("zoa.vector_sizes", std::vector<std::int64_t>{1 << 28});  // would take 1 GiB
  EXPECT_EQ(test::error_of([&] { describe_state(state); }).first, ErrorCode::BadFile);
  state = zoa_state();
  state.put_i64("zoa.counters", std::vector<std::int64_t>{99, 0, 0});
  EXPECT_EQ(test::error_of([&] { describe_state(state); }).first, ErrorCode::StateMismatch);
}

TEST(StateFacts, Differences) {
  MemoryState a;
  a.put_f64("d", std::vector<double>{1, 2, 3, 4});
  a.put_f32("f", std::vector<float>{1, 2});
  a.put_i64("i", std::vector<std::int64_t>{(std::int64_t{1} << 60) + 1});
  a.put_f32("mine", std::vector<float>{1, 2, 3});
  a.put_f32("same", std::vector<float>{std::numeric_limits<float>::quiet_NaN()});
  a.put_f32("size", std::vector<float>{1});
  a.put_f32("type", std::vector<float>{1});
  a.metadata()["method"] = "zoa";
  EXPECT_TRUE(compare_arrays(a, a).empty());
  EXPECT_TRUE(compare_metadata(a, a).empty());
  MemoryState b = a;
  b.put_f64("d", std::vector<double>{1, 2, 6, 0});
  b.put_f32("f", std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()});
  b.put_i64("i", std::vector<std::int64_t>{std::int64_t{1} << 60});
  b.put_f32("size", std::vector<float>{1, 2});
  b.put_f64("type", std::vector<double>{1});
  b.put_f32("yours", std::vector<float>{1});
  b.metadata()["model"] = "net";
  const std::vector<ArrayDifference> found = compare_arrays(a, b);
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0].name + " " + found[0].what, "d values");
  EXPECT_EQ(found[0].differing, 2U);
  EXPECT_EQ(found[0].values, 4U);
  EXPECT_EQ(found[0].largest, 4);
  EXPECT_EQ(found[0].rms, 2.5);  // sqrt((9 + 16) / 4)
  EXPECT_EQ(found[1].name + " " + found[1].what, "f values");
  EXPECT_EQ(found[1].largest, std::numeric_limits<double>::infinity());
  EXPECT_EQ(found[2].name + " " + found[2].what, "i values");
  EXPECT_EQ(found[2].differing, 1U);  // one apart, which a double cannot tell
  EXPECT_EQ(found[3].name + " " + found[3].what, "size size");
  EXPECT_EQ(found[4].name + " " + found[4].what, "type type");
  EXPECT_EQ(found[5].name + " " + found[5].what, "yours only in B");
  EXPECT_EQ(compare_arrays(b, a).back().what, "only in A");
  const std::vector<TextDifference> texts = compare_metadata(a, b);
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(texts[0].key, "model");
  EXPECT_EQ(texts[0].a, "");
  EXPECT_EQ(texts[0].b, "net");
}

}  // namespace
}  // namespace zoa
