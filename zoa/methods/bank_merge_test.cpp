// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/bank_merge.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/zoa_state.h"

namespace zoa {
namespace {

using Rows = std::vector<std::vector<float>>;

// A saved state of zoa over two vectors of two parameters, with these entries, alphas and eps.
MemoryState make_state(const Rows& rows,
                       const std::vector<double>& alpha,
                       const std::vector<float>& eps = {0, 0, 0, 0},
                       double alpha_scale = 10) {
  std::vector<float> values;
  for (const std::vector<float>& row : rows) {
    values.insert(values.end(), row.begin(), row.end());
  }
  std::vector<double> stems;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    stems.push_back(static_cast<double>(rows[k][0]) + 10);
  }
  MemoryState state;
  state.put_i64("zoa.counters", std::vector<std::int64_t>{2, 5, 9});
  state.put_i64("zoa.vector_sizes", std::vector<std::int64_t>{2, 2});
  state.put_f64("zoa.alpha", alpha);
  state.put_f64("zoa.alpha_scale", std::vector<double>{alpha_scale});
  state.put_f32("zoa.eps", eps);
  state.put_f32("zoa.bank", values);
  state.put_f64("zoa.bank_stem_mean", stems);
  state.put_f64("zoa.bank_stem_variance", std::vector<double>(rows.size(), 1));
  state.put_f64("frames.sums", std::vector<double>{1, 2, 3});
  state.metadata()["method"] = "zoa";
  return state;
}

KnowledgeBank bank_of(const MemoryState& state) {
  return read_bank(state, {});
}

void expect_entry(const KnowledgeBank& bank, std::size_t k, const std::vector<float>& wanted) {
  EXPECT_EQ(std::vector<float>(bank.entry(k).begin(), bank.entry(k).end()), wanted);
  EXPECT_EQ(bank.domain(k).mean, std::vector<double>{static_cast<double>(wanted[0]) + 10});
}

TEST(BankMerge, AddsTheEntriesWithTheirOdds) {
  MemoryState a = make_state({{1, 0, 0, 0}}, {0.2, 0.3}, {0.5F, 0, 0, 0});
  const MemoryState b = make_state({{0, 1, 0, 0}, {0, 0, 2, 0}}, {0.1, 0.4, -0.1}, {9, 9, 9, 9});
  const std::vector<double> before = bank_of(a).total();
  const KnowledgeBank::Merged merged = merge_banks(a, b, 32);
  EXPECT_EQ(merged.added, 2U);
  EXPECT_EQ(merged.duplicates + merged.removed, 0U);
  const KnowledgeBank bank = bank_of(a);
  ASSERT_EQ(bank.entries(), 3U);
  expect_entry(bank, 0, {1, 0, 0, 0});
  expect_entry(bank, 1, {0, 1, 0, 0});
  expect_entry(bank, 2, {0, 0, 2, 0});
  EXPECT_DOUBLE_EQ(bank.alpha()[1], 0.3);
  EXPECT_DOUBLE_EQ(bank.alpha()[2], 0.2 + (0.4 - 0.1));
  EXPECT_DOUBLE_EQ(bank.alpha()[3], 0.2 + (-0.1 - 0.1));
  // The odds against the shipped model are those on the other device.
  const std::vector<double> theirs = bank_of(b).weights();
  EXPECT_NEAR(bank.weights()[2] / bank.weights()[0], theirs[1] / theirs[0], 1e-12);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(bank.total()[i], before[i], 1e-7);
  }
  // All else is A's.
  EXPECT_EQ(a.get_i64("zoa.counters"), (std::vector<std::int64_t>{2, 5, 9}));
  EXPECT_EQ(a.get_f64("frames.sums"), (std::vector<double>{1, 2, 3}));
}

TEST(BankMerge, OddsHoldBetweenScales) {
  MemoryState a = make_state({}, {0.2}, {0, 0, 0, 0}, 10);
  const MemoryState b = make_state({{1, 0, 0, 0}}, {0.1, 0.2}, {0, 0, 0, 0}, 5);
  merge_banks(a, b, 32);
  const std::vector<double> theirs = bank_of(b).weights();
  const std::vector<double> ours = bank_of(a).weights();
  EXPECT_NEAR(ours[1] / ours[0], theirs[1] / theirs[0], 1e-12);
  EXPECT_EQ(a.get_f64("zoa.alpha_scale"), std::vector<double>{10});
}

TEST(BankMerge, EqualOffsetsComeOnce) {
  MemoryState a = make_state({{1, 0, 0, 0}, {2, 0, 0, 0}}, {0, 0.5, 0.6});
  const MemoryState b = make_state({{2, 0, 0, 0}, {3, 0, 0, 1}, {3, 0, 0, 1}}, {0, 0.1, 0.2, 0.3});
  const KnowledgeBank::Merged merged = merge_banks(a, b, 32);
  EXPECT_EQ(merged.added, 1U);
  EXPECT_EQ(merged.duplicates, 2U);
  EXPECT_EQ(bank_of(a).entries(), 3U);
  EXPECT_DOUBLE_EQ(bank_of(a).alpha()[2], 0.6);  // its own
  const MemoryState once = a;
  EXPECT_EQ(merge_banks(a, b, 32).added, 0U);
  EXPECT_EQ(bank_of(a).entries(), 3U);
  EXPECT_EQ(a.get_f32("zoa.bank"), once.get_f32("zoa.bank"));
}

TEST(BankMerge, AFullBankGivesUpTheMostRedundant) {
  // Entries 0 and 2 of A are alike: 0, the lower, goes for the first of B. Then 2 and the first of
  // B.
  MemoryState a = make_state({{1, 0, 1, 0}, {0, 1, 0, 1}, {1, 0.1F, 1, 0.1F}}, {0, 0, 0.1, 0.2},
                             {0.5F, 0, 0, 0});
  const std::vector<double> before = bank_of(a).total();
  const MemoryState b = make_state({{-1, 0, -1, 0}, {0, -1, 0, -1}}, {0, 0.3, 0.4});
  const KnowledgeBank::Merged merged = merge_banks(a, b, 3);
  EXPECT_EQ(merged.added, 2U);
  EXPECT_EQ(merged.removed, 2U);
  const KnowledgeBank bank = bank_of(a);
  ASSERT_EQ(bank.entries(), 3U);
  EXPECT_EQ(bank.alpha().size(), 4U);
  expect_entry(bank, 2, {0, -1, 0, -1});
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(bank.total()[i], before[i], 1e-7);
  }
  // What A had and gave up does not come back from B.
  MemoryState c = make_state({{1, 0, 1, 0}, {1, 0, 1, 0.1F}}, {0, 0, 0});
  EXPECT_EQ(merge_banks(c, make_state({{5, 0, 0, 5}, {1, 0, 1, 0}}, {0, 0, 0}), 2).duplicates, 1U);
  EXPECT_EQ(bank_of(c).entries(), 2U);
}

TEST(BankMerge, WhatAMergeRemovesIsWhatAnInsertRemoves) {
  const Rows rows = {{1, 0, 1, 0}, {0, 1, 0, 1}, {0.1F, 1, 0.1F, 1}};
  MemoryState merged = make_state(rows, {0, 0, 0, 0});
  merge_banks(merged, make_state({{-1, 0, 0, -1}}, {0, 0}), 3);
  KnowledgeBank inserted = read_bank(make_state(rows, {0, 0, 0, 0}), {3, 10});
  EXPECT_EQ(inserted.insert({{1}, {1}}), std::size_t{2});
  const KnowledgeBank bank = bank_of(merged);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_TRUE(std::equal(bank.entry(k).begin(), bank.entry(k).end(), inserted.entry(k).begin()));
  }
}

TEST(BankMerge, CapacityNoneTakesNothing) {
  MemoryState a = make_state({}, {0.2}, {1, 2, 3, 4});
  const MemoryState before = a;
  EXPECT_EQ(merge_banks(a, make_state({{1, 0, 0, 0}}, {0, 0}), 0).added, 0U);
  EXPECT_EQ(a, before);
}

TEST(BankMerge, ExportsTheBankAlone) {
  const MemoryState state =
      make_state({{1, 0, 0, 0}, {0, 2, 0, 0}}, {0.2, 0.3, 5}, {0.5F, 0, 0, 0});
  const MemoryState bank = export_bank(state);
  EXPECT_TRUE(is_exported_bank(bank));
  EXPECT_FALSE(is_exported_bank(state));
  for (const char* name : {"zoa.eps", "zoa.alpha", "zoa.counters", "frames.sums"}) {
    EXPECT_FALSE(bank.has(name)) << name;
  }
  EXPECT_EQ(bank.metadata().at("method"), "zoa");
  MemoryState other = make_state({{3, 0, 0, 0}}, {0.4, 0.5});
  EXPECT_EQ(merge_banks(other, MemoryState::from_bytes(bank.to_bytes(), "f"), 32).added, 2U);
  const KnowledgeBank merged = bank_of(other);
  expect_entry(merged, 2, {0, 2, 0, 0});
  EXPECT_DOUBLE_EQ(merged.alpha()[1], 0.5);
  EXPECT_DOUBLE_EQ(merged.alpha()[2], 0.4);  // the odds of the shipped model
  EXPECT_DOUBLE_EQ(merged.alpha()[3], 0.4);
  MemoryState into = bank;
  EXPECT_EQ(test::error_of([&] { merge_banks(into, state, 32); }).first,
            ErrorCode::InvalidArgument);
}

TEST(BankMerge, OtherBanksAreRefusedAndChangeNothing) {
  MemoryState a = make_state({{1, 0, 0, 0}}, {0, 0});
  const MemoryState before = a;
  MemoryState b = make_state({{1, 0, 0, 1}}, {0, 0});
  b.put_i64("zoa.vector_sizes", std::vector<std::int64_t>{1, 3});
  EXPECT_EQ(test::error_of([&] { merge_banks(a, b, 32); }).first, ErrorCode::StateMismatch);
  b = make_state({{1, 0, 0, 1}}, {0, 0});
  b.put_f64("zoa.bank_stem_mean", std::vector<double>(2));
  b.put_f64("zoa.bank_stem_variance", std::vector<double>(2, 1));
  EXPECT_EQ(test::error_of([&] { merge_banks(a, b, 32); }).first, ErrorCode::StateMismatch);
  b.put_f32("zoa.bank", std::vector<float>{1, 0, 0, std::nanf("")});
  EXPECT_EQ(test::error_of([&] { merge_banks(a, b, 32); }).first, ErrorCode::BadFile);
  EXPECT_EQ(test::error_of([&] { merge_banks(a, {}, 32); }).first, ErrorCode::StateMismatch);
  b = make_state({{1, 0, 0, 1}}, {0, 0});
  b.put_i64("zoa.vector_sizes", std::vector<std::int64_t>{2, std::int64_t{1} << 40});
  EXPECT_EQ(test::error_of([&] { merge_banks(a, b, 32); }).first, ErrorCode::BadFile);
  b.put_i64("zoa.vector_sizes", std::vector<std::int64_t>{2, -2});
  EXPECT_EQ(test::error_of([&] { merge_banks(a, b, 32); }).first, ErrorCode::BadFile);
  EXPECT_EQ(a, before);
}

// States of before vector_sizes was saved.
TEST(BankMerge, TheSizesOfOneStateDoForBoth) {
  MemoryState whole = make_state({{1, 0, 0, 1}}, {0, 0});
  MemoryState old;
  old.put_i64("zoa.counters", whole.get_i64("zoa.counters"));
  for (const char* name :
       {"zoa.alpha", "zoa.alpha_scale", "zoa.bank_stem_mean", "zoa.bank_stem_variance"}) {
    old.put_f64(name, whole.get_f64(name));
  }
  old.put_f32("zoa.eps", whole.get_f32("zoa.eps"));
  old.put_f32("zoa.bank", std::vector<float>{0, 0, 7, 7});
  const auto [code, text] = test::error_of([&] { merge_banks(old, old, 32); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_NE(text.find("an older zoa saved it"), std::string::npos) << text;
  EXPECT_EQ(merge_banks(whole, old, 32).added, 1U);
  EXPECT_EQ(merge_banks(old, whole, 32).added, 1U);
  EXPECT_TRUE(old.has("zoa.vector_sizes"));
}

}  // namespace
}  // namespace zoa
