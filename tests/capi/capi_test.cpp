// SPDX-License-Identifier: Apache-2.0
// The C interface through the shared library: results, wrong arguments, state, threads.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/parallel.h"
#include "zoa/core/test_folder.h"
#include "zoa/quantize/test_images.h"
#include "zoa/zoa.h"

#include "capi/zoa.h"

namespace {

constexpr int kSide = 16;
constexpr std::size_t kValues = 3 * kSide * kSide;

// A model folder made once for all tests.
const std::string& model_folder() {
  static const zoa::TestFolder folder;
  static const std::string path = [] {
    const auto file = std::filesystem::path(ZOA_SOURCE_DIR) / "tests/data/models/vit-opset11.onnx";
    const zoa::test::RandomImages data(24, kSide);
    zoa::QuantizeOptions options;
    options.threads = 1;
    const std::string made = folder.file("net.zoa");
    zoa::quantize(zoa::Model::from_file(file, zoa::preset("imagenet", kSide, kSide)), {data, 0},
                  options)
        .save(made);
    return made;
  }();
  return path;
}

class Capi : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(ZOA_OK, zoa_model_load(model_folder().c_str(), &model)) << zoa_last_error();
    adapter = make(R"({"window": 4, "guard": "off", "seed": 7, "threads": 1})");
    ASSERT_NE(nullptr, adapter);
  }
  void TearDown() override {
    zoa_adapter_free(adapter);
    zoa_model_free(model);
  }

  zoa_adapter* make(const char* options) {
    zoa_adapter* made = nullptr;
    EXPECT_EQ(ZOA_OK, zoa_adapter_create(model, options, &made)) << zoa_last_error();
    return made;
  }

  static std::vector<std::uint8_t> pixels(std::uint64_t seed) {
    return zoa::test::RandomImages(1, kSide, seed).image(0, 0).rgb;
  }

  static std::vector<float> push(zoa_adapter* to, std::uint64_t seed) {
    zoa_prediction answer{};
    answer.struct_size = sizeof(answer);
    EXPECT_EQ(ZOA_OK,
              zoa_adapter_push_rgb(to, pixels(seed).data(), kSide, kSide, kSide * 3, &answer))
        << zoa_last_error();
    return logits(to);
  }

  static std::vector<float> logits(const zoa_adapter* of) {
    std::vector<float> values(10);
    EXPECT_EQ(ZOA_OK, zoa_adapter_logits(of, values.data(), values.size())) << zoa_last_error();
    return values;
  }

  zoa_model* model = nullptr;
  zoa_adapter* adapter = nullptr;
};

void expect_error(zoa_status expected, zoa_status status, const std::string& part) {
  EXPECT_EQ(expected, status);
  EXPECT_NE(std::string::npos, std::string(zoa_last_error()).find(part)) << zoa_last_error();
}

TEST_F(Capi, AnswersAsTheLibraryDoes) {
  zoa::AdapterOptions options;
  options.seed = 7;
  options.threads = 1;
  options.guard = "off";
  options.frames.window = 4;
  zoa::Adapter same(zoa::Model::load(model_folder()), options);
  for (std::uint64_t seed = 0; seed < 9; ++seed) {
    const zoa::Prediction expected = same.push(zoa::test::RandomImages(1, kSide, seed).image(0, 0));
    zoa_prediction answer{};
    answer.struct_size = sizeof(answer);
    ASSERT_EQ(ZOA_OK,
              zoa_adapter_push_rgb(adapter, pixels(seed).data(), kSide, kSide, kSide * 3, &answer));
    EXPECT_EQ(expected.logits, logits(adapter));
    EXPECT_EQ(expected.top1, answer.top1);
    EXPECT_EQ(expected.frame, answer.frame);
    EXPECT_EQ(expected.confidence, answer.confidence);
    EXPECT_EQ(expected.learnt.has_value(), answer.learnt != 0);
    EXPECT_EQ(nullptr, answer.skip);
    EXPECT_EQ(nullptr, answer.guard);
  }
  EXPECT_EQ(2U, same.counters().windows);
}

TEST_F(Capi, ModelTellsItsSizes) {
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  ASSERT_EQ(ZOA_OK, zoa_model_input(model, &channels, &height, &width));
  EXPECT_EQ(kValues, channels * height * width);
  EXPECT_EQ(10U, zoa_model_classes(model));
  EXPECT_EQ(nullptr, zoa_model_label(model, 10));
  EXPECT_STREQ(zoa::kVersion, zoa_version());
}

TEST_F(Capi, RowsMayBePadded) {
  zoa_adapter* other = make(R"({"window": 4, "guard": "off", "seed": 7, "threads": 1})");
  const std::vector<std::uint8_t> tight = pixels(3);
  constexpr std::size_t kStride = kSide * 3 + 5;
  std::vector<std::uint8_t> padded(kStride * kSide, 200);
  for (std::size_t y = 0; y < kSide; ++y) {
    std::copy_n(tight.data() + y * kSide * 3, kSide * 3, padded.data() + y * kStride);
  }
  zoa_prediction answer{};
  answer.struct_size = sizeof(answer);
  ASSERT_EQ(ZOA_OK, zoa_adapter_push_rgb(other, padded.data(), kSide, kSide, kStride, &answer));
  EXPECT_EQ(push(adapter, 3), logits(other));
  zoa_adapter_free(other);
}

TEST_F(Capi, ValuesThatAreNoNumbersAreAnswersWithoutAClass) {
  std::vector<float> values(kValues, std::numeric_limits<float>::quiet_NaN());
  zoa_prediction answer{};
  answer.struct_size = sizeof(answer);
  ASSERT_EQ(ZOA_OK, zoa_adapter_push_values(adapter, values.data(), values.size(), &answer));
  EXPECT_STREQ("not_finite", answer.skip);
  EXPECT_EQ(0, answer.learnt);
  const char* counters = nullptr;
  ASSERT_EQ(ZOA_OK, zoa_adapter_counters(adapter, &counters));
  EXPECT_NE(nullptr, std::strstr(counters, R"("not_finite":1)")) << counters;
  EXPECT_NE(nullptr, std::strstr(counters, R"("frames":1)")) << counters;
}

TEST_F(Capi, GuardsHaveOptionsAndCounters) {
  zoa_adapter* guarded = make(R"({"window": 8, "guard.probe": 2, "threads": 1})");
  zoa_prediction answer{};
  answer.struct_size = sizeof(answer);
  for (int turn = 0; turn < 3; ++turn) {
    ASSERT_EQ(ZOA_OK,
              zoa_adapter_push_rgb(guarded, pixels(3).data(), kSide, kSide, kSide * 3, &answer));
  }
  EXPECT_STREQ("guarded", answer.skip);
  ASSERT_NE(nullptr, answer.guard);
  EXPECT_NE(nullptr, std::strstr(answer.guard, ": near_duplicates")) << answer.guard;
  EXPECT_EQ(0, answer.plain);
  const char* counters = nullptr;
  ASSERT_EQ(ZOA_OK, zoa_adapter_counters(guarded, &counters));
  EXPECT_NE(nullptr, std::strstr(counters, R"("guard.near_duplicates":2)")) << counters;
  EXPECT_NE(nullptr, std::strstr(counters, R"("guarded":2)")) << counters;
  zoa_adapter_free(guarded);
  zoa_adapter* none = nullptr;
  expect_error(ZOA_INVALID_ARGUMENT, zoa_adapter_create(model, R"({"guard": "strict"})", &none),
               "evidence");
  expect_error(ZOA_INVALID_ARGUMENT, zoa_adapter_create(model, R"({"guard.prob": 1})", &none),
               "guard.probe");
}

TEST_F(Capi, GoesOnFromAFileBitForBit) {
  const zoa::TestFolder folder;
  const std::string path = folder.file("a.state");
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    push(adapter, seed);
  }
  ASSERT_EQ(ZOA_OK, zoa_adapter_save(adapter, path.c_str())) << zoa_last_error();
  push(adapter, 6);
  ASSERT_EQ(ZOA_OK, zoa_adapter_save(adapter, path.c_str())) << zoa_last_error();
  zoa_adapter* other = make(R"({"window": 4, "guard": "off", "seed": 7, "threads": 1})");
  int previous = -1;
  ASSERT_EQ(ZOA_OK, zoa_adapter_restore(other, path.c_str(), &previous)) << zoa_last_error();
  EXPECT_EQ(0, previous);
  for (std::uint64_t seed = 7; seed < 15; ++seed) {
    EXPECT_EQ(push(adapter, seed), push(other, seed)) << seed;
  }
  std::filesystem::resize_file(path, 100);
  ASSERT_EQ(ZOA_OK, zoa_adapter_restore(other, path.c_str(), &previous)) << zoa_last_error();
  EXPECT_EQ(1, previous);
  EXPECT_NE(std::string::npos, std::string(zoa_last_error()).find("previous")) << zoa_last_error();
  std::filesystem::remove(path + ".previous");
  expect_error(ZOA_BAD_FILE, zoa_adapter_restore(other, path.c_str(), nullptr), "a.state");
  expect_error(ZOA_IO, zoa_adapter_restore(other, "/nowhere/a.state", nullptr), "/nowhere");
  expect_error(ZOA_IO, zoa_adapter_save(other, "/nowhere/a.state"), "/nowhere");
  zoa_adapter_free(other);
}

TEST_F(Capi, StateOfAnotherMethodIsRefused) {
  const zoa::TestFolder folder;
  const std::string path = folder.file("a.state");
  zoa_adapter* plain = make(R"({"method": "noadapt", "threads": 1})");
  push(plain, 1);
  ASSERT_EQ(ZOA_OK, zoa_adapter_save(plain, path.c_str())) << zoa_last_error();
  expect_error(ZOA_STATE_MISMATCH, zoa_adapter_restore(adapter, path.c_str(), nullptr), "noadapt");
  zoa_adapter_free(plain);
}

TEST_F(Capi, FrozenLearnsNothingAndResetIsAsShipped) {
  zoa_adapter* frozen = make(R"({"window": 4, "guard": "off", "seed": 7, "threads": 1})");
  ASSERT_EQ(ZOA_OK, zoa_adapter_freeze(frozen, 1));
  const std::vector<float> first = push(frozen, 1);
  for (std::uint64_t seed = 2; seed < 12; ++seed) {
    push(frozen, seed);
    push(adapter, seed);
  }
  EXPECT_EQ(first, push(frozen, 1));
  int done = 0;
  ASSERT_EQ(ZOA_OK, zoa_adapter_step(adapter, -1, &done));
  EXPECT_EQ(1, done);
  EXPECT_NE(first, push(adapter, 1));
  ASSERT_EQ(ZOA_OK, zoa_adapter_reset(adapter));
  EXPECT_EQ(first, push(adapter, 1));
  zoa_adapter_free(frozen);
}

TEST_F(Capi, OptionsAreChecked) {
  zoa_adapter* made = nullptr;
  const auto create = [&](const char* options) {
    return zoa_adapter_create(model, options, &made);
  };
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"windw\": 4}"), "window");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"window\": 1}"), "outside");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"window\": \"many\"}"), "whole number");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"window\": [4]}"), "array");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"window\": {\"a\": 1}}"), "object");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"lr\": null}"), "null");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"lr\": 1e9}"), "outside");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"method\": \"nonsense\"}"), "nonsense");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"window\": 4"), "JSON object");
  expect_error(ZOA_INVALID_ARGUMENT, create("[4]"), "JSON object");
  expect_error(ZOA_INVALID_ARGUMENT, create(""), "JSON object");
  expect_error(ZOA_INVALID_ARGUMENT, create("{\"a\xff\": 1}"), "JSON object");
  const std::string deep(60'000, '[');
  expect_error(ZOA_INVALID_ARGUMENT, create(deep.c_str()), "JSON object");
  expect_error(ZOA_LIMIT_EXCEEDED, create(std::string(65'537, ' ').c_str()), "bytes");
  expect_error(ZOA_LIMIT_EXCEEDED, create(std::string(2'000'000, ' ').c_str()), "bytes");
  EXPECT_EQ(nullptr, made);
  zoa_adapter* own = make(R"({"lr": 1e-4, "shift": false, "budget_ms": 2.5, "bank_size": "8"})");
  zoa_adapter_free(own);
  zoa_adapter_free(make(nullptr));
}

TEST_F(Capi, SizesAreChecked) {
  zoa_prediction answer{};
  answer.struct_size = sizeof(answer);
  const std::vector<std::uint8_t> picture = pixels(1);
  const auto rgb = [&](std::size_t width, std::size_t height, std::size_t stride) {
    return zoa_adapter_push_rgb(adapter, picture.data(), width, height, stride, &answer);
  };
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max() / 2;
  expect_error(ZOA_INVALID_ARGUMENT, rgb(0, 1, 100), "0 x 1");
  expect_error(ZOA_INVALID_ARGUMENT, rgb(16, 16, 47), "stride 47");
  expect_error(ZOA_INVALID_ARGUMENT, rgb(kHuge, 2, kHuge), "pixels");
  expect_error(ZOA_INVALID_ARGUMENT, rgb(900'000, 900'000, 2'700'000), "pixels");
  const std::vector<float> values(kValues + 1);
  expect_error(ZOA_INVALID_ARGUMENT,
               zoa_adapter_push_values(adapter, values.data(), kValues + 1, &answer), "768");
  answer.struct_size = 8;
  expect_error(ZOA_INVALID_ARGUMENT, rgb(16, 16, 48), "struct_size");
  expect_error(ZOA_INVALID_ARGUMENT, zoa_adapter_step(adapter, std::nan(""), nullptr),
               "not a number");
  float logit = 0;
  expect_error(ZOA_INVALID_ARGUMENT, zoa_adapter_logits(adapter, &logit, 1), "no frame");
  push(adapter, 1);
  expect_error(ZOA_INVALID_ARGUMENT, zoa_adapter_logits(adapter, &logit, 1), "room for 1");
}

TEST_F(Capi, NullIsAnErrorOrNothing) {
  zoa_model* other = nullptr;
  zoa_adapter* made = nullptr;
  zoa_prediction answer{};
  answer.struct_size = sizeof(answer);
  std::size_t size = 0;
  float value = 0;
  const char* text = nullptr;
  const std::uint8_t byte = 0;
  const std::vector<zoa_status> statuses{zoa_model_load(nullptr, &other),
                                         zoa_model_load("x", nullptr),
                                         zoa_model_input(nullptr, &size, &size, &size),
                                         zoa_model_input(model, nullptr, &size, &size),
                                         zoa_model_input(model, &size, nullptr, &size),
                                         zoa_model_input(model, &size, &size, nullptr),
                                         zoa_adapter_create(nullptr, nullptr, &made),
                                         zoa_adapter_create(model, nullptr, nullptr),
                                         zoa_adapter_push_rgb(nullptr, &byte, 1, 1, 3, &answer),
                                         zoa_adapter_push_rgb(adapter, nullptr, 1, 1, 3, &answer),
                                         zoa_adapter_push_rgb(adapter, &byte, 1, 1, 3, nullptr),
                                         zoa_adapter_push_values(nullptr, &value, 1, &answer),
                                         zoa_adapter_push_values(adapter, nullptr, 1, &answer),
                                         zoa_adapter_push_values(adapter, &value, 1, nullptr),
                                         zoa_adapter_logits(nullptr, &value, 1),
                                         zoa_adapter_logits(adapter, nullptr, 1),
                                         zoa_adapter_step(nullptr, 0, nullptr),
                                         zoa_adapter_freeze(nullptr, 1),
                                         zoa_adapter_reset(nullptr),
                                         zoa_adapter_save(nullptr, "x"),
                                         zoa_adapter_save(adapter, nullptr),
                                         zoa_adapter_restore(nullptr, "x", nullptr),
                                         zoa_adapter_restore(adapter, nullptr, nullptr),
                                         zoa_adapter_counters(nullptr, &text),
                                         zoa_adapter_counters(adapter, nullptr)};
  EXPECT_EQ(std::vector<zoa_status>(statuses.size(), ZOA_INVALID_ARGUMENT), statuses);
  EXPECT_EQ(0U, zoa_model_classes(nullptr));
  EXPECT_EQ(nullptr, zoa_model_label(nullptr, 0));
  zoa_model_free(nullptr);
  zoa_adapter_free(nullptr);
}

TEST_F(Capi, LastErrorIsOfTheThread) {
  expect_error(ZOA_IO, zoa_model_load("/nowhere/net.zoa", &model), "/nowhere/net.zoa");
  std::string there = "not run";
  std::thread([&] { there = zoa_last_error(); }).join();
  EXPECT_EQ("", there);
  EXPECT_NE(std::string(), zoa_last_error());
}

// Each thread makes an adapter of its own from the one model, while the others do the same.
TEST_F(Capi, ThreadsShareAModel) {
  constexpr std::size_t kThreads = 3;
  constexpr std::uint64_t kFrames = 9;  // two windows of four, and one
  std::vector<float> expected;
  for (std::uint64_t seed = 0; seed < kFrames; ++seed) {
    expected = push(adapter, seed);
  }
  std::vector<std::vector<float>> answers(kThreads);
  zoa::run_parallel(kThreads, kThreads, [&](std::size_t i) {
    zoa_adapter* own = make(R"({"window": 4, "guard": "off", "seed": 7, "threads": 1})");
    for (std::uint64_t seed = 0; seed < kFrames; ++seed) {
      answers[i] = push(own, seed);
    }
    zoa_adapter_free(own);
  });
  EXPECT_EQ(answers, std::vector<std::vector<float>>(kThreads, expected));
}

TEST_F(Capi, AdapterOutlivesItsModel) {
  zoa_model_free(model);
  model = nullptr;
  push(adapter, 1);
}

TEST(CapiStatus, NamesAreThoseOfTheLibrary) {
  EXPECT_STREQ("ok", zoa_status_name(ZOA_OK));
  EXPECT_STREQ(to_string(zoa::ErrorCode::StateMismatch), zoa_status_name(ZOA_STATE_MISMATCH));
  EXPECT_STREQ(to_string(zoa::ErrorCode::Internal), zoa_status_name(ZOA_INTERNAL));
  EXPECT_STREQ("unknown", zoa_status_name(99));
}

}  // namespace
