// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/cmaes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

using Json = nlohmann::json;

void expect_near(std::span<const double> found, const Json& wanted, const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  double largest = 0;
  for (const Json& value : wanted) {
    largest = std::max(largest, std::abs(value.get<double>()));
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i].get<double>(), 1e-9 * largest) << what << " " << i;
  }
}

std::vector<std::span<const double>> sort_by(const Cmaes::Candidates& candidates,
                                             const std::vector<std::size_t>& order) {
  std::vector<std::span<const double>> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) {
    sorted.emplace_back(candidates[index]);
  }
  return sorted;
}

void replay(const Json& golden) {
  const auto form = golden["form"].get<std::string>();
  Cmaes search(parse_evolution(form), golden["mean"].get<std::vector<double>>(),
               golden["sigma"].get<double>(), golden["population"].get<std::size_t>());
  for (std::size_t step = 0; step < golden["steps"].size(); ++step) {
    const Json& wanted = golden["steps"][step];
    const std::string where = form + " step " + std::to_string(step);
    const Cmaes::Candidates candidates = search.ask(wanted["normals"].get<std::vector<double>>());
    search.tell(sort_by(candidates, wanted["order"].get<std::vector<std::size_t>>()));
    expect_near(search.mean(), wanted["mean"], where + " mean");
    EXPECT_NEAR(search.sigma(), wanted["sigma"].get<double>(), 1e-9 * search.sigma()) << where;
    expect_near(search.path(), wanted["path"], where + " path");
    expect_near(search.covariance_path(), wanted["covariance_path"], where + " covariance path");
    expect_near(search.covariance(), wanted["covariance"], where + " covariance");
  }
}

// Every number of every generation, against what tools/make_golden_cmaes.py recorded.
TEST(Cmaes, FollowsThePackageStepByStep) {
  std::ifstream file(ZOA_SOURCE_DIR "/tests/data/golden/cmaes/trajectories.json");
  const Json golden = Json::parse(file);
  ASSERT_EQ(golden["cases"].size(), 4U);
  for (const Json& item : golden["cases"]) {
    replay(item);
  }
}

std::vector<double> draw(std::uint64_t seed, std::uint64_t step, std::size_t count) {
  const Rng rng(seed, step, 99);
  std::vector<double> normals(count);
  for (std::size_t i = 0; i < count; ++i) {
    normals[i] = rng.normal(i);
  }
  return normals;
}

std::vector<std::size_t> order_by(const Cmaes::Candidates& candidates) {
  // An ellipsoid with axes 1 to 10, away from the origin.
  std::vector<double> values(candidates.size());
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    for (std::size_t i = 0; i < candidates[k].size(); ++i) {
      const double axis =
          1 + 9 * static_cast<double>(i) / static_cast<double>(candidates[k].size());
      const double distance = candidates[k][i] - 3;
      values[k] += axis * axis * distance * distance;
    }
  }
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

// How far apart the means of the isotropic and the full form are after `generations` with the same
// random numbers, relative to the way they went.
double difference_of_forms(std::size_t d, std::size_t generations) {
  constexpr std::size_t kPopulation = 27;
  Cmaes isotropic(Evolution::Isotropic, std::vector<double>(d), 1, kPopulation);
  Cmaes full(Evolution::Full, std::vector<double>(d), 1, kPopulation);
  for (std::size_t step = 0; step < generations; ++step) {
    const std::vector<double> normals = draw(5, step, kPopulation * d);
    for (Cmaes* search : {&isotropic, &full}) {
      const Cmaes::Candidates candidates = search->ask(normals);
      search->tell(sort_by(candidates, order_by(candidates)));
    }
  }
  double apart = 0;
  double way = 0;
  for (std::size_t i = 0; i < d; ++i) {
    apart += (isotropic.mean()[i] - full.mean()[i]) * (isotropic.mean()[i] - full.mean()[i]);
    way += full.mean()[i] * full.mean()[i];
  }
  return std::sqrt(apart / way);
}

TEST(Cmaes, IsotropicNearsTheFullFormAsTheDimensionGrows) {
  const double at_20 = difference_of_forms(20, 10);
  const double at_60 = difference_of_forms(60, 10);
  const double at_240 = difference_of_forms(240, 10);
  RecordProperty("difference_20_60_240", std::to_string(at_20) + " " + std::to_string(at_60) + " " +
                                             std::to_string(at_240));
  EXPECT_LT(at_60, at_20);
  EXPECT_LT(at_60, 0.08);
  EXPECT_LT(at_240, at_60);
  EXPECT_LT(at_240, 0.03);
}

TEST(Cmaes, WhatItWouldLearnOfCAtThePromptsOfAViT) {
  const EvolutionRates rates(Evolution::Full, 2304, 27);
  EXPECT_EQ(rates.parents, 13U);
  EXPECT_NEAR(rates.mu_eff, 7.82, 0.01);
  EXPECT_NEAR(rates.c_sigma, 0.0042, 5e-5);
  EXPECT_LT(782 * (rates.c_one + rates.c_mu), 0.0025);  // a domain of 50,000 images, batches of 64
}

TEST(Cmaes, IsotropicStepByHand) {
  // Two parameters, two candidates: one parent. It becomes the mean.
  Cmaes search(Evolution::Isotropic, {1, 2}, 0.5, 2);
  const Cmaes::Candidates candidates = search.ask(std::vector<double>{1, 0, 0, -2});
  EXPECT_EQ(candidates, (Cmaes::Candidates{{1.5, 2}, {1, 1}}));
  search.tell({candidates[1], candidates[0]});
  EXPECT_EQ(search.mean()[0], 1);
  EXPECT_EQ(search.mean()[1], 1);
  const double c = 3.0 / 8;  // (mu_eff + 2) / (d + mu_eff + 5), mu_eff = 1
  const double path = std::sqrt(c * (2 - c)) * -2;
  EXPECT_DOUBLE_EQ(search.path()[1], path);
  const double chi = std::sqrt(2.0) * (1 - 1.0 / 8 + 1.0 / 84);
  EXPECT_DOUBLE_EQ(search.sigma(), 0.5 * std::exp(c / (1 + c) * (std::abs(path) / chi - 1)));
}

TEST(Cmaes, AnInjectedCandidateIsClipped) {
  const Cmaes search(Evolution::Isotropic, {1, 1, 1, 1}, 0.5, 4);
  const std::vector<double> near = {1, 1, 2, 1};
  EXPECT_EQ(search.clip(near), near);
  const std::vector<double> far = search.clip(std::vector<double>{1, 101, 1, 1});
  EXPECT_NEAR(far[1], 1 + 0.5 * (2 + 8.0 / 6), 1e-12);
  EXPECT_EQ(far[0], 1);
}

TEST(Cmaes, MoreCandidatesThanThePopulation) {
  // The 4 best of 9 are the parents, as without the ninth.
  Cmaes search(Evolution::Full, std::vector<double>(3), 1, 8);
  Cmaes twin = search;
  Cmaes::Candidates candidates = search.ask(draw(1, 0, 24));
  std::vector<std::span<const double>> sorted(candidates.begin(), candidates.end());
  twin.tell(sorted);
  const std::vector<double> middle = {9, 9, 9};
  sorted.insert(sorted.begin() + 4, middle);  // neither parent nor among the 4 worst
  search.tell(sorted);
  EXPECT_TRUE(std::ranges::equal(search.mean(), twin.mean()));
  EXPECT_TRUE(std::ranges::equal(search.covariance(), twin.covariance()));
}

TEST(Cmaes, SavedAndLoaded) {
  for (const Evolution form : {Evolution::Isotropic, Evolution::Separable, Evolution::Full}) {
    Cmaes search(form, std::vector<double>(6, 1), 0.3, 6);
    Cmaes other = search;
    const auto step = [](Cmaes& one, std::uint64_t number) {
      const Cmaes::Candidates candidates = one.ask(draw(3, number, 36));
      one.tell(sort_by(candidates, order_by(candidates)));
    };
    for (std::uint64_t number = 0; number < 5; ++number) {
      step(search, number);
    }
    MemoryState state;
    search.save(state, "x");
    other.load(state, "x");
    step(search, 5);
    step(other, 5);
    EXPECT_TRUE(std::ranges::equal(search.mean(), other.mean()));
    EXPECT_EQ(search.sigma(), other.sigma());
    EXPECT_TRUE(std::ranges::equal(search.covariance(), other.covariance()));

    Cmaes narrow(form, std::vector<double>(5), 0.3, 6);
    EXPECT_EQ(test::error_of([&] { narrow.load(state, "x"); }).first, ErrorCode::StateMismatch);
    state.put_f64("x.sigma", std::vector<double>{-1});
    EXPECT_EQ(test::error_of([&] { other.load(state, "x"); }).first, ErrorCode::BadFile);
  }
}

TEST(Cmaes, RefusesWhatCannotBe) {
  const auto code = [](Evolution form, std::size_t d, double sigma, std::size_t population) {
    return test::error_of([&] { Cmaes(form, std::vector<double>(d), sigma, population); }).first;
  };
  EXPECT_EQ(code(Evolution::Isotropic, 0, 1, 4), ErrorCode::InvalidArgument);
  EXPECT_EQ(code(Evolution::Isotropic, 3, 0, 4), ErrorCode::InvalidArgument);
  EXPECT_EQ(code(Evolution::Isotropic, 3, 1, 1), ErrorCode::InvalidArgument);
  EXPECT_EQ(code(Evolution::Full, kMostFullDimension + 1, 1, 4), ErrorCode::InvalidArgument);
  EXPECT_EQ(test::error_of([] { parse_evolution("diagonal"); }).first, ErrorCode::InvalidArgument);
  Cmaes search(Evolution::Isotropic, std::vector<double>(2), 1, 4);
  EXPECT_EQ(test::error_of([&] { search.tell({}); }).first, ErrorCode::InvalidArgument);
  EXPECT_EQ(test::error_of([&] { (void)search.ask({}); }).first, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
