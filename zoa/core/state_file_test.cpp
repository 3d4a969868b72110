// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/state_file.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/hash.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

MemoryState sample() {
  MemoryState state;
  state.put_f32("f", std::vector<float>{1, 2});
  state.put_f64("d", std::vector<double>{0.1, -0.0});
  state.put_i64("i", std::vector<std::int64_t>{7});
  state.metadata()["model"] = "abc";
  return state;
}

TEST(MemoryState, KeepsWhatWasPut) {
  MemoryState state = sample();
  state.put_f32("f", std::vector<float>{3});
  EXPECT_EQ(state.get_f32("f"), std::vector<float>{3});
  EXPECT_TRUE(std::signbit(state.get_f64("d")[1]));
  EXPECT_EQ(state.get_i64("i"), std::vector<std::int64_t>{7});
  EXPECT_TRUE(state.has("f"));
  EXPECT_FALSE(state.has("g"));
}

TEST(MemoryState, MissingNamesAndOtherTypesAreMismatches) {
  const MemoryState state = sample();
  for (const char* name : {"f", "none"}) {
    try {
      state.get_f64(name);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::StateMismatch);
    }
  }
}

TEST(MemoryState, RoundTripThroughBytes) {
  const Bytes bytes = sample().to_bytes();
  const MemoryState read = MemoryState::from_bytes(bytes, "test");
  EXPECT_TRUE(read == sample());
  EXPECT_EQ(read.metadata().size(), 1U);
  EXPECT_EQ(read.to_bytes(), bytes);
}

TEST(MemoryState, EveryFlippedBitIsFound) {
  const Bytes good = sample().to_bytes();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bytes = good;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_THROW(MemoryState::from_bytes(bytes, "test"), Error) << "bit " << bit;
  }
}

TEST(MemoryState, PlainSafetensorsAreNoState) {
  EXPECT_THROW(MemoryState::from_bytes(write_safetensors({}), "test"), Error);
}

// A file of format `format`, sound in all else.
Bytes file_of_format(const std::string& format) {
  Safetensors content;
  content.tensors["i"] = make_tensor(std::vector<std::int64_t>{7});
  content.metadata["format"] = format;
  content.metadata["checksum"] = hash128(write_safetensors(content));
  return write_safetensors(content);
}

TEST(MemoryState, TheBytesOfSchema1StayReadable) {
  EXPECT_EQ(MemoryState::from_bytes(file_of_format("zoa-state-1"), "f").get_i64("i"),
            std::vector<std::int64_t>{7});
}

TEST(MemoryState, ANewerSchemaIsRefusedUnlessItIsDamage) {
  Bytes bytes = file_of_format("zoa-state-12");
  auto [code, text] = test::error_of([&] { MemoryState::from_bytes(bytes, "f"); });
  EXPECT_EQ(code, ErrorCode::StateMismatch);
  EXPECT_NE(text.find("zoa-state-12, this version of zoa reads up to zoa-state-1"),
            std::string::npos)
      << text;
  bytes.back() ^= 1U;
  std::tie(code, text) = test::error_of([&] { MemoryState::from_bytes(bytes, "f"); });
  EXPECT_EQ(code, ErrorCode::BadFile);
  for (const char* format : {"zoa-state-", "zoa-state-0", "zoa-state-1x", "zoa-state--1", "zoa"}) {
    EXPECT_EQ(test::error_of([&] { MemoryState::from_bytes(file_of_format(format), "f"); }).first,
              ErrorCode::BadFile)
        << format;
  }
}

}  // namespace
}  // namespace zoa
