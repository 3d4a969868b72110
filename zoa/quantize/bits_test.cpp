// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/bits.h"

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"

namespace zoa {
namespace {

using test::error_of;

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Bits, ReadsAndWritesEveryWidth) {
  for (int weights = 2; weights <= 8; ++weights) {
    for (int activations = 2; activations <= 8; ++activations) {
      const std::string text = "w" + std::to_string(weights) + "a" + std::to_string(activations);
      const BitWidths bits = parse_bits(text);
      EXPECT_EQ(bits.weights, weights) << text;
      EXPECT_EQ(bits.activations, activations) << text;
      EXPECT_FALSE(bits.is_float()) << text;
      EXPECT_EQ(to_string(bits), text);
    }
  }
}

TEST(Bits, FloatIsBothSides) {
  const BitWidths bits = parse_bits("float");
  EXPECT_EQ(bits, (BitWidths{kFloatBits, kFloatBits}));
  EXPECT_TRUE(bits.is_float());
  EXPECT_EQ(to_string(bits), "float");
}

TEST(Bits, AnythingElseIsRefusedWithWhatIsAccepted) {
  for (const char* text : {"",     "w8",    "a8",    "w8a",  "w1a8",  "w8a1",  "w9a8",
                           "w8a9", "w8a88", "w16a8", "W8A8", " w8a8", "w8a8 ", "a8w8",
                           "w8b8", "w-a8",  "8",     "int8", "Float", "keep",  "float32"}) {
    const auto [code, said] = error_of([&] { parse_bits(text); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    EXPECT_TRUE(holds(said, "'" + std::string(text) + "'")) << said;
    EXPECT_TRUE(holds(said, "wXaY")) << said;
    EXPECT_TRUE(holds(said, "2 to 8")) << said;
  }
}

TEST(LayerRule, SplitsExpressionAndBits) {
  const LayerRule rule = parse_layer_rule("blocks\\.[01]\\.fc1$=w4a6");
  EXPECT_EQ(rule.expression, "blocks\\.[01]\\.fc1$");
  EXPECT_EQ(rule.bits, (BitWidths{4, 6}));
  EXPECT_TRUE(std::regex_search("linear blocks.1.fc1", rule.pattern));
  EXPECT_FALSE(std::regex_search("linear blocks.2.fc1", rule.pattern));
  EXPECT_FALSE(std::regex_search("linear blocks.1.fc12", rule.pattern));
  EXPECT_TRUE(parse_layer_rule("head=float").bits.is_float());
}

TEST(LayerRule, TheLastEqualsSignCounts) {
  const LayerRule rule = parse_layer_rule("a=b(?=c)=w2a3");
  EXPECT_EQ(rule.expression, "a=b(?=c)");
  EXPECT_EQ(rule.bits, (BitWidths{2, 3}));
  EXPECT_TRUE(std::regex_search("linear a=bc", rule.pattern));
  EXPECT_FALSE(std::regex_search("linear a=bd", rule.pattern));
}

TEST(LayerRule, WithoutExpressionOrEqualsSignShowsTheForm) {
  for (const char* text : {"", "w8a8", "=w8a8", "head"}) {
    const auto [code, said] = error_of([&] { parse_layer_rule(text); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    EXPECT_TRUE(holds(said, "layer rule '" + std::string(text) + "'")) << said;
    EXPECT_TRUE(holds(said, "REGEX=BITS")) << said;
  }
}

TEST(LayerRule, BadBitsAreNamed) {
  for (const char* text : {"head=", "head=w9a8", "head=keep", "head= w8a8"}) {
    const auto [code, said] = error_of([&] { parse_layer_rule(text); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    EXPECT_TRUE(holds(said, "bits '" + std::string(text).substr(5) + "'")) << said;
  }
}

TEST(LayerRule, BadExpressionsAreNamed) {
  for (const char* text : {"head(=w8a8", "[a=w8a8", "*=w8a8"}) {
    const auto [code, said] = error_of([&] { parse_layer_rule(text); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    EXPECT_TRUE(holds(said, text)) << said;
    EXPECT_TRUE(holds(said, "not a regular expression")) << said;
  }
}

}  // namespace
}  // namespace zoa
