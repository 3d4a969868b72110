// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/bn_ema.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/method_contract.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

// Channel 0 reads 1 and 3: mean 2, unbiased variance 2. The first BatchNorm ships 0 and 1/6 and now
// has 0.1 * 2 and 0.9 / 6 + 0.1 * 2. The second reads -1 and 1 in the pass on batch statistics:
// mean 0, unbiased variance 2 (less the 1e-5 in the root).
TEST(BnEma, OneStepByHand) {
  FakeForward forward(Family::Cnn, bn_ema_info({}, {}));
  const auto method = make_method("bn-ema", {}, 1, forward.info(), {});
  const StepResult result =
      method->step(test::make_flat_batch({{1, 0, 0, 0}, {3, 0, 0, 0}}), forward);
  method->accept();
  EXPECT_EQ(forward.passes(), 2U);
  EXPECT_TRUE(result.updated);

  const MemoryState state = save(*method);
  const std::vector<double> mean = state.get_f64("bn-ema.mean");
  const std::vector<double> variance = state.get_f64("bn-ema.variance");
  ASSERT_EQ(mean.size(), 8U);
  EXPECT_NEAR(mean[0], 0.2, 1e-7);
  EXPECT_NEAR(variance[0], 0.15 + 0.2, 1e-7);
  EXPECT_NEAR(variance[1], 0.15, 1e-7);  // a channel without variance
  EXPECT_NEAR(mean[4], 0, 1e-7);
  EXPECT_NEAR(variance[4], 0.35, 1e-5);

  const double scale = 1 / std::sqrt(0.35 + 1e-5);
  EXPECT_NEAR(result.logits[2], 2 * (1 - 0.2) * scale * scale, 1e-4);
  EXPECT_NEAR(result.logits[5], 2 * (3 - 0.2) * scale * scale, 1e-4);
}

TEST(BnEma, OneValuePerChannelLeavesTheVariance) {
  FakeForward forward(Family::Cnn, bn_ema_info({}, {}));
  const auto method = make_method("bn-ema", {{"momentum", "0.5"}}, 1, forward.info(), {});
  method->step(test::make_flat_batch({{4, 0, 0, 0}}), forward);
  method->accept();
  EXPECT_NEAR(save(*method).get_f64("bn-ema.mean")[0], 2, 1e-7);
  EXPECT_NEAR(save(*method).get_f64("bn-ema.variance")[0], 1.0 / 6, 1e-7);
}

TEST(BnEma, RefusesWhatDoesNotFit) {
  FakeForward forward(Family::Cnn, bn_ema_info({}, {}));
  ModelInfo model = forward.info();
  model.sites.pop_back();
  EXPECT_EQ(test::error_of([&] { make_bn_ema({}, 1, model, {}); }).first, ErrorCode::Internal);
  model = forward.info();
  model.sites[1].channels = 3;
  EXPECT_EQ(test::error_of([&] { make_bn_ema({}, 1, model, {}); }).first, ErrorCode::Internal);

  const auto method = make_method("bn-ema", {}, 1, forward.info(), {});
  const MemoryState good = save(*method);
  MemoryState bad = good;
  bad.put_f64("bn-ema.variance", std::vector<double>(8, -1));
  EXPECT_EQ(test::error_of([&] { method->load(bad); }).first, ErrorCode::BadFile);
  bad = good;
  bad.put_f64("bn-ema.mean", std::vector<double>(7));
  EXPECT_EQ(test::error_of([&] { method->load(bad); }).first, ErrorCode::StateMismatch);
  EXPECT_TRUE(good == save(*method));
}

}  // namespace
}  // namespace zoa
