// SPDX-License-Identifier: Apache-2.0
// Methods of all kinds under guard keep what every method must keep.
#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "zoa/adapt/guarded_method.h"
#include "zoa/methods/method_contract.h"

namespace zoa {
namespace {

// Methods of all kinds stay methods under guard.
class GuardedContract : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(GuardedContract, Keeps) {
  const auto [name, preset] = GetParam();
  GuardOptions options = guard_options(preset);
  options.snapshot_every = 2;
  options.evidence_images = 128;
  const auto broken = check_method(
      [&](std::uint64_t seed, const ModelInfo& model, const SourceStats& stats) {
        return std::make_unique<GuardedMethod>(make_method(name, {}, seed, model, stats), options,
                                               seed, model);
      },
      [&](const ModelInfo& model) { return guarded_info(method_needs(name, {}, model)); });
  for (const std::string& promise : broken) {
    ADD_FAILURE() << promise;
  }
}

INSTANTIATE_TEST_SUITE_P(Methods,
                         GuardedContract,
                         testing::Values(std::pair{"zoa", "on"},
                                         std::pair{"zoa", "evidence"},
                                         std::pair{"zoa", "off"},
                                         std::pair{"shift", "on"},
                                         std::pair{"t3a", "on"},
                                         std::pair{"bn-ema", "on"},
                                         std::pair{"foa", "on"}),
                         [](const auto& test) {
                           std::string name = std::string(test.param.first) + test.param.second;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace zoa
