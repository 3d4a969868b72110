// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/bn.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"
#include "zoa/methods/test_pixels.h"

namespace zoa {
namespace {

// Two images normalised by their own mean and variance are +-1 in every channel: (1, 1, -1, -1)
// and its negative, after the second BatchNorm too.
TEST(Bn, TwoImagesByHand) {
  FakeForward forward(Family::Cnn, bn_info({}, {}));
  const auto method = make_method("bn", {}, 1, forward.info(), {});
  const StepResult result =
      method->step(test::make_flat_batch({{3, 9, 0, 2}, {1, 5, 8, 4}}), forward);
  const std::vector<float> wanted = {-4, 1, 1, 4, -1, -1};
  ASSERT_EQ(result.logits.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(result.logits[i], wanted[i], 1e-3) << i;
  }
  EXPECT_EQ(forward.passes(), 1U);
  EXPECT_FALSE(result.updated);
}

// One image x: its own mean is x, its variance 0, and the network ships 0 and 1/6. With a share of
// 0.1 a BatchNorm makes (x - 0.1 x) / sqrt(0.9 / 6 + 1e-5) of it.
TEST(Bn, OneImageIsMixedWithWhatTheNetworkShips) {
  FakeForward forward(Family::Cnn, bn_info({}, {}));
  const auto method = make_method("bn", {}, 1, forward.info(), {});
  const StepResult result = method->step(test::make_flat_batch({{2, 0, 0, 0}}), forward);
  const double once = 0.9 / std::sqrt(0.15 + 1e-5);
  EXPECT_NEAR(result.logits[2], 2 * 2 * once * once, 1e-4);
  EXPECT_NEAR(result.logits[0], -2 * 2 * once * once, 1e-4);
}

TEST(Bn, AMixOfZeroIsTheNetworkAsShipped) {
  FakeForward forward(Family::Cnn, bn_info({}, {}));
  const auto method = make_method("bn", {{"mix", "0"}}, 1, forward.info(), {});
  const Batch batch = make_fake_batch(8, 1);
  const StepResult result = method->step(batch, forward);
  const PassOutput plain = forward.pass(SlotValues(forward.info().slots.size()));
  EXPECT_EQ(result.logits, std::vector<float>(plain.answer.begin(), plain.answer.end()));
}

TEST(Bn, RefusesNetworksWithoutBatchNorm) {
  for (const char* name : {"bn", "bn-ema"}) {
    const auto [code, text] =
        test::error_of([&] { method_needs(name, {}, fake_model(Family::Vit)); });
    EXPECT_EQ(code, ErrorCode::UnsupportedModel);
    EXPECT_NE(text.find("model 'fake' has no BatchNorm"), std::string::npos) << text;
    EXPECT_EQ(test::error_of([&] { make_method(name, {}, 1, fake_model(Family::Vit), {}); }).first,
              ErrorCode::UnsupportedModel);
  }
}

}  // namespace
}  // namespace zoa
