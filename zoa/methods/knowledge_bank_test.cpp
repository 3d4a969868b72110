// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/knowledge_bank.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"

namespace zoa {
namespace {

// Two vectors of two parameters each.
KnowledgeBank make_bank(std::size_t capacity = 2, double alpha_first = 0.25) {
  return {{2, 2}, {capacity, 10}, alpha_first};
}

void set_eps(KnowledgeBank& bank, const std::vector<float>& eps) {
  bank.assign({bank.alpha().begin(), bank.alpha().end()}, eps);
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], 1e-7);
  }
}

TEST(KnowledgeBank, StartsWithNothing) {
  const KnowledgeBank bank = make_bank();
  EXPECT_EQ(bank.parameters(), 4U);
  EXPECT_EQ(bank.entries(), 0U);
  EXPECT_EQ(bank.total(), std::vector<double>(4, 0.0));
}

TEST(KnowledgeBank, InsertionKeepsTheTotal) {
  KnowledgeBank bank = make_bank();
  set_eps(bank, {0.005F, 0, 0, -0.004F});
  const std::vector<double> before = bank.total();
  EXPECT_FALSE(bank.insert().has_value());
  EXPECT_EQ(bank.entries(), 1U);
  EXPECT_EQ(bank.entry(0)[3], -0.004F);
  // Small offsets: the new entry weighs as much as the zero entry, so half of it stays in eps.
  EXPECT_DOUBLE_EQ(bank.alpha()[1], 0.25);
  EXPECT_FLOAT_EQ(bank.eps()[0], 0.0025F);
  expect_near(bank.total(), before);
}

TEST(KnowledgeBank, LargeOffsetsWeighMore) {
  KnowledgeBank bank = make_bank();
  set_eps(bank, {0.01F, -0.01F, 0.1F, -0.3F});  // mean magnitudes 0.01 and 0.2: s = 20
  bank.insert();
  EXPECT_NEAR(bank.alpha()[1], (2.5 + std::log(19.0)) / 10, 1e-7);
  KnowledgeBank huge = make_bank(2, 9.99);
  set_eps(huge, {1000, 1000, 0, 0});
  huge.insert();
  EXPECT_EQ(huge.alpha()[1], 10);  // clipped
}

TEST(KnowledgeBank, WeightsAreASoftmax) {
  KnowledgeBank bank = make_bank();
  set_eps(bank, {1, 2, 3, 4});
  bank.insert();
  bank.assign({0.1, 0.3}, std::vector<float>(4));
  const double weight = std::exp(3.0) / (std::exp(1.0) + std::exp(3.0));
  ASSERT_EQ(bank.weights().size(), 2U);
  EXPECT_NEAR(bank.weights()[0], 1 - weight, 1e-12);
  EXPECT_NEAR(bank.weights()[1], weight, 1e-12);
  expect_near(bank.total(), {weight, 2 * weight, 3 * weight, 4 * weight});
  const std::vector<double> extreme = {-100, 100};
  expect_near(bank.total(extreme), {1, 2, 3, 4});
}

TEST(KnowledgeBank, FullBankGivesUpTheLowerOfTheMostSimilar) {
  KnowledgeBank bank = make_bank(3);
  const std::vector<std::vector<float>> totals = {
      {1, 0, 1, 0}, {0, 1, 0, 1}, {0.1F, 1, 0.1F, 1}, {-1, 0, 0, -1}};
  std::vector<double> before;
  for (std::size_t i = 0; i < totals.size(); ++i) {
    // eps that makes this the total.
    const std::vector<double> present = bank.total();
    std::vector<float> eps(4);
    for (std::size_t j = 0; j < 4; ++j) {
      eps[j] = totals[i][j] - static_cast<float>(present[j]) + bank.eps()[j];
    }
    set_eps(bank, eps);
    before = bank.total();
    const auto removed = bank.insert();
    EXPECT_EQ(removed.has_value(), i == 3);
    if (removed) {
      EXPECT_EQ(*removed, 2U);  // of entries 2 and 3, counted among alpha
    }
  }
  EXPECT_EQ(bank.entries(), 3U);
  EXPECT_EQ(bank.alpha().size(), 4U);
  EXPECT_NEAR(bank.entry(0)[0], 1, 1e-6);
  EXPECT_NEAR(bank.entry(1)[0], 0.1, 1e-6);
  EXPECT_NEAR(bank.entry(2)[0], -1, 1e-6);
  expect_near(bank.total(), before);
}

TEST(KnowledgeBank, EntriesKeepTheirDomains) {
  KnowledgeBank bank = make_bank(2);
  const std::vector<DomainStats> domains = {{{1}, {0.5}}, {{2}, {0.25}}, {{3}, {0.125}}};
  set_eps(bank, {1, 0, 0, 1});
  bank.insert(domains[0]);
  set_eps(bank, {1, 0, 0, 1});  // much like the first, so the first has to go
  bank.insert(domains[1]);
  EXPECT_EQ(bank.domain(0), domains[0]);
  EXPECT_EQ(bank.insert(domains[2]), std::size_t{1});
  EXPECT_EQ(bank.domain(0), domains[1]);
  EXPECT_EQ(bank.domain(1), domains[2]);

  MemoryState state;
  bank.save(state, "x");
  KnowledgeBank other = make_bank();
  other.load(state, "x");
  EXPECT_EQ(other.domain(0), domains[1]);
  EXPECT_EQ(other.domain(1), domains[2]);
  state.put_f64("x.bank_stem_mean", std::vector<double>(3));
  EXPECT_THROW(other.load(state, "x"), Error);
  state.put_f64("x.bank_stem_mean", std::vector<double>(2));
  state.put_f64("x.bank_stem_variance", std::vector<double>{1, -1});
  EXPECT_THROW(other.load(state, "x"), Error);
}

TEST(KnowledgeBank, BanksOfOneAndNone) {
  KnowledgeBank one = make_bank(1);
  set_eps(one, {1, 1, 1, 1});
  EXPECT_FALSE(one.insert().has_value());
  EXPECT_EQ(one.insert(), std::size_t{1});
  EXPECT_EQ(one.entries(), 1U);
  KnowledgeBank none = make_bank(0);
  EXPECT_FALSE(none.insert().has_value());
  EXPECT_EQ(none.entries(), 0U);
}

TEST(KnowledgeBank, SavesAndLoads) {
  KnowledgeBank bank = make_bank();
  set_eps(bank, {1, 2, 3, 4});
  bank.insert();
  MemoryState state;
  bank.save(state, "x");
  KnowledgeBank other = make_bank();
  other.load(state, "x");
  EXPECT_EQ(other.total(), bank.total());
  KnowledgeBank wider({2, 3}, {2, 10}, 0);
  EXPECT_THROW(wider.load(state, "x"), Error);
  state.put_f32("x.bank", std::vector<float>(4, std::nanf("")));
  EXPECT_THROW(other.load(state, "x"), Error);
}

}  // namespace
}  // namespace zoa
