// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/safetensors.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

Bytes file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  text += header + data;
  return {text.begin(), text.end()};
}

std::string entry(const std::string& type, const std::string& shape, const std::string& range) {
  return R"({"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + range + "}";
}

ErrorCode error_of(const Bytes& bytes, const SafetensorsLimits& limits = {}) {
  try {
    read_safetensors(bytes, "test", limits);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).rfind("test", 0), 0U) << error.what();
    return error.code();
  }
  return ErrorCode::Internal;  // read without error
}

Safetensors sample() {
  Safetensors content;
  content.metadata = {{"a", "1"}, {"b", "text \" with quotes"}};
  content.tensors["f"] = make_tensor(std::vector<float>{1.5F, -2});
  content.tensors["d"] = make_tensor(std::vector<double>{0.1});
  content.tensors["i"] = make_tensor(std::vector<std::int64_t>{-1, 1LL << 40});
  content.tensors["u"] = make_tensor(std::vector<std::uint8_t>{1, 2, 3});
  content.tensors["none"] = make_tensor(std::vector<float>{});
  content.tensors["matrix"] = {TensorType::U8, {2, 3}, Bytes(6, 7)};
  return content;
}

TEST(Safetensors, RoundTrip) {
  const Bytes bytes = write_safetensors(sample());
  const Safetensors read = read_safetensors(bytes, "test");
  EXPECT_EQ(read, sample());
  EXPECT_EQ(values_f32(read.tensors.at("f")), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(values_f64(read.tensors.at("d")), std::vector<double>{0.1});
  EXPECT_EQ(values_i64(read.tensors.at("i")), (std::vector<std::int64_t>{-1, 1LL << 40}));
  EXPECT_THROW(values_f32(read.tensors.at("d")), Error);
  EXPECT_EQ(write_safetensors(read), bytes);
  EXPECT_TRUE(read_safetensors(write_safetensors({}), "test").tensors.empty());
}

TEST(Safetensors, ReadsWhatOthersWrite) {
  // Padded header, scalar, another order of the keys.
  const Bytes bytes = file_of(R"({"s":{"data_offsets":[0,4],"shape":[],"dtype":"F32"}}   )",
                              std::string("\0\0\x80?", 4));
  EXPECT_EQ(values_f32(read_safetensors(bytes, "test").tensors.at("s")), std::vector<float>{1});
}

TEST(Safetensors, TheFileBeginsWithLengthAndHeaderAndIsAligned) {
  const Bytes bytes = write_safetensors(sample());
  EXPECT_EQ(bytes[0] % 8, 0);
  EXPECT_EQ(bytes[8], '{');
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const Bytes bytes = write_safetensors(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(error_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))),
              ErrorCode::BadFile)
        << size;
  }
}

TEST(Safetensors, BadHeadersAreRefused) {
  const std::string good = entry("U8", "[2]", "[0,2]");
  EXPECT_EQ(error_of(file_of(R"({"a":)" + good + "}", "xx")), ErrorCode::Internal);
  const std::vector<std::string> headers = {
      "",
      "[]",
      " {}",
      "{",
      R"({"a":)" + good + "} x",
      R"({"a":)" + good + R"(,"a":)" + good + "}",
      R"({"a":1})",
      R"({"a":[[[[]]]]})",
      R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"more":1}})",
      R"({"a":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}})",
      R"({"a":{"dtype":"U8","shape":[2]}})",
      R"({"a":)" + entry("F16", "[1]", "[0,2]") + "}",
      R"({"a":)" + entry("U8", "[-2]", "[0,2]") + "}",
      R"({"a":)" + entry("U8", "[2.0]", "[0,2]") + "}",
      R"({"a":)" + entry("U8", "2", "[0,2]") + "}",
      R"({"a":)" + entry("U8", "[3]", "[0,2]") + "}",
      R"({"a":)" + entry("U8", "[2]", "[2,0]") + "}",
      R"({"a":)" + entry("U8", "[2]", "[0,2,2]") + "}",
      R"({"a":)" + entry("U8", "[1]", "[1,2]") + "}",                      // a gap before
      R"({"a":)" + entry("U8", "[1]", "[0,1]") + "}",                      // a gap after
      R"({"a":)" + good + R"(,"b":)" + entry("U8", "[1]", "[1,2]") + "}",  // an overlap
      R"({"a":)" + good + R"(,"b":)" + good + "}",
      R"({"a":)" + entry("F64", "[4294967296,4294967296,4]", "[0,0]") + "}",  // product overflows
      R"({"a":)" + entry("U8", "[2]", "[18446744073709551615,1]") + "}",
      R"({"a":)" + entry("U8", "[2]", "[0,18446744073709551616]") + "}",
      R"({"__metadata__":{"k":1},"a":)" + good + "}",
      R"({"__metadata__":"k","a":)" + good + "}",
      "{\"\xff\":" + good + "}",
  };
  for (const std::string& header : headers) {
    EXPECT_EQ(error_of(file_of(header, "xx")), ErrorCode::BadFile) << header;
  }
}

TEST(Safetensors, LimitsHold) {
  Bytes huge(16);
  huge[7] = 0x7f;  // header length beyond 2^62
  EXPECT_EQ(error_of(huge), ErrorCode::LimitExceeded);
  const std::string two =
      R"({"a":)" + entry("U8", "[1]", "[0,1]") + R"(,"b":)" + entry("U8", "[1,1,1]", "[1,2]") + "}";
  EXPECT_EQ(error_of(file_of(two, "xx"), {.tensors = 0}), ErrorCode::LimitExceeded);
  EXPECT_EQ(error_of(file_of(two, "xx"), {.dimensions = 2}), ErrorCode::LimitExceeded);
  EXPECT_EQ(error_of(file_of(two, "xx"), {.header_bytes = 20}), ErrorCode::LimitExceeded);
  // An empty tensor may have any other size.
  const std::string empty = R"({"a":)" + entry("F64", "[4294967296,4294967296,0]", "[0,0]") + "}";
  EXPECT_EQ(error_of(file_of(empty, "")), ErrorCode::Internal);
}

TEST(Safetensors, TakesFiniteFloatsOnly) {
  Safetensors content = sample();
  const auto code_of = [&](const std::string& key) {
    return test::error_of([&] { take_f32(content, key, "test"); }).first;
  };
  EXPECT_EQ(take_f32(content, "f", "test"), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(code_of("missing"), ErrorCode::BadFile);
  EXPECT_EQ(code_of("d"), ErrorCode::BadFile);
  content.tensors["f"] = make_tensor(std::vector<float>{std::numeric_limits<float>::infinity()});
  EXPECT_EQ(code_of("f"), ErrorCode::BadFile);
}

TEST(Safetensors, WriterRefusesWhatTheReaderWould) {
  Safetensors content;
  content.tensors["a"] = {TensorType::F32, {2}, Bytes(7)};
  EXPECT_THROW(write_safetensors(content), Error);
  content.tensors["a"] = {TensorType::F32, {1}, Bytes(4)};
  content.metadata["\xff"] = "x";
  EXPECT_THROW(write_safetensors(content), Error);
  content.metadata.clear();
  content.tensors["__metadata__"] = content.tensors["a"];
  EXPECT_THROW(write_safetensors(content), Error);
}

}  // namespace
}  // namespace zoa
