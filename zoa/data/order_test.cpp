// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/order.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/data/test_fake_dataset.h"

namespace zoa {
namespace {

using test::FakeDataset;
using Indices = std::vector<std::size_t>;

OrderOptions order_of(const std::string& name, std::uint64_t seed = 0) {
  OrderOptions options;
  options.order = parse_order(name);
  options.seed = seed;
  return options;
}

bool is_permutation(Indices order, std::size_t count) {
  std::sort(order.begin(), order.end());
  Indices all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return order == all;
}

// How often the label changes from one picture to the next.
std::size_t count_changes(const Dataset& data, const Indices& order) {
  std::size_t changes = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    changes += data.label(0, order[i]) != data.label(0, order[i - 1]) ? 1 : 0;
  }
  return changes;
}

TEST(Order, UnknownNamesListTheKnown) {
  const auto [code, text] = test::error_of([] { parse_order("dirichlt"); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("dirichlet"), std::string::npos);
}

TEST(Order, FileAndSorted) {
  const FakeDataset data(7);  // labels 0 1 2 0 1 2 0
  EXPECT_EQ(order_pictures(data, 0, order_of("file")), (Indices{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(order_pictures(data, 0, order_of("sorted")), (Indices{0, 3, 6, 1, 4, 2, 5}));
  OrderOptions first = order_of("file");
  first.limit = 2;
  EXPECT_EQ(order_pictures(data, 0, first), (Indices{0, 1}));
}

TEST(Order, LimitedArrangementsTakeWhatShuffledTakes) {
  const FakeDataset data(300);
  OrderOptions options = order_of("shuffled", 5);
  options.limit = 40;
  const Indices taken = order_pictures(data, 0, options);
  const std::set<std::size_t> expected(taken.begin(), taken.end());
  for (const char* name : {"sorted", "dirichlet"}) {
    options.order = parse_order(name);
    const Indices order = order_pictures(data, 0, options);
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()), expected) << name;
    EXPECT_EQ(order.size(), 40U) << name;
  }
}

TEST(Order, DirichletIsAPermutationOfTheSeed) {
  const FakeDataset data(1000, 1, 10);
  const Indices order = order_pictures(data, 0, order_of("dirichlet", 3));
  EXPECT_TRUE(is_permutation(order, 1000));
  EXPECT_EQ(order, order_pictures(data, 0, order_of("dirichlet", 3)));
  EXPECT_NE(order, order_pictures(data, 0, order_of("dirichlet", 4)));
}

TEST(Order, SmallConcentrationsGiveLongerBursts) {
  const FakeDataset data(2000, 1, 10);
  std::vector<std::size_t> changes;
  for (const double concentration : {0.001, 0.1, 1000.0}) {
    OrderOptions options = order_of("dirichlet", 1);
    options.concentration = concentration;
    const Indices order = order_pictures(data, 0, options);
    EXPECT_TRUE(is_permutation(order, 2000));
    changes.push_back(count_changes(data, order));
  }
  EXPECT_GE(changes[0], 9U);   // each of the ten classes at least once
  EXPECT_LE(changes[0], 30U);  // and hardly cut at all
  EXPECT_LT(changes[0], changes[1]);
  EXPECT_LT(changes[1], changes[2]);
  EXPECT_LE(changes[2], 99U);  // ten slots of ten blocks
}

TEST(Order, DirichletDrawsHaveTheirMeanAndVariance) {
  // Of K shares with concentration a each: mean 1/K, variance (1/K)(1 - 1/K) / (K a + 1).
  constexpr std::size_t kCount = 4;
  constexpr int kDraws = 20000;
  for (const double a : {0.1, 1.0, 5.0}) {
    double mean = 0;
    double square = 0;
    for (int step = 0; step < kDraws; ++step) {
      const std::vector<double> shares =
          detail::draw_dirichlet(kCount, a, 9, static_cast<std::uint64_t>(step));
      EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1.0, 1e-12);
      mean += shares[1] / kDraws;
      square += shares[1] * shares[1] / kDraws;
    }
    const double variance = 0.25 * 0.75 / (kCount * a + 1);
    EXPECT_NEAR(mean, 0.25, 5 * std::sqrt(variance / kDraws)) << a;
    EXPECT_NEAR(square - mean * mean, variance, 0.05 * variance) << a;
  }
}

TEST(Order, LabelsAndConcentrationAreChecked) {
  const FakeDataset unlabelled(5, 1, 0);
  for (const char* name : {"sorted", "dirichlet"}) {
    const auto [code, text] =
        test::error_of([&] { order_pictures(unlabelled, 0, order_of(name)); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << name;
    EXPECT_NE(text.find("has no label"), std::string::npos) << text;
  }
  OrderOptions options = order_of("dirichlet");
  for (const double concentration : {0.0, -1.0, 1e7}) {
    options.concentration = concentration;
    EXPECT_THROW(order_pictures(FakeDataset(5), 0, options), Error) << concentration;
  }
}

TEST(Order, InterleaveKeepsEachDomainsOrder) {
  const FakeDataset data(200, 3);
  const std::vector<PictureRef> mixed = interleave(data, {2, 0}, order_of("file", 7));
  ASSERT_EQ(mixed.size(), 400U);
  std::vector<std::size_t> next(3);
  std::size_t changes = 0;
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    EXPECT_EQ(mixed[i].index, next[mixed[i].domain]++);
    changes += i > 0 && mixed[i].domain != mixed[i - 1].domain ? 1 : 0;
  }
  EXPECT_EQ(next, (Indices{200, 0, 200}));
  EXPECT_NEAR(static_cast<double>(changes), 200, 50);  // as a fair coin: five deviations
  EXPECT_EQ(mixed, interleave(data, {2, 0}, order_of("file", 7)));
  EXPECT_NE(mixed, interleave(data, {2, 0}, order_of("file", 8)));
}

}  // namespace
}  // namespace zoa
