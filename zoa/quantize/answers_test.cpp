// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gtest/gtest.h>

#include "zoa/quantize/answers_ov.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

// More than are kept where memory is short, and no multiple of a batch.
constexpr std::size_t kImages = 72;

class Answers : public testing::Test {
 protected:
  CalibrationData calibration(std::int64_t size) const {
    QuantizeOptions options;
    options.calib_size = size;
    options.batch = 16;
    options.threads = 1;
    return {data_, 0, model_.preprocess(), options, {}};
  }

  Logits read(std::int64_t size, std::size_t most, std::size_t kept_bytes) const {
    const CalibrationData images = calibration(size);
    const AnswerReader reader(model_.graph(), images, kept_bytes);
    return reader.read(model_.graph().network, most);
  }

  test::RandomImages data_{kImages, test::kSize};
  Model model_ = test::load_float("resnet-folded.onnx");
};

TEST_F(Answers, ImagesReadAgainAnswerAsThoseKept) {
  const std::size_t all = kImages;
  const Logits kept = read(0, all, AnswerReader::kMostKeptBytes);
  EXPECT_EQ(kept.images(), all);
  EXPECT_EQ(read(0, all, 0).values, kept.values);
}

TEST_F(Answers, TheFirstImagesAreThoseOfALongerRun) {
  const Logits all = read(0, kImages, AnswerReader::kMostKeptBytes);
  for (const std::size_t most : {1U, 16U, 40U}) {
    const Logits first = read(0, most, 0);
    ASSERT_EQ(first.images(), most);
    EXPECT_TRUE(std::equal(first.values.begin(), first.values.end(), all.values.begin())) << most;
  }
}

TEST_F(Answers, NoAnswerOfAFilledBatchIsLeftIn) {
  EXPECT_EQ(read(20, 64, AnswerReader::kMostKeptBytes).images(), 20U);
  EXPECT_EQ(read(3, 64, AnswerReader::kMostKeptBytes).images(), 3U);
}

}  // namespace
}  // namespace zoa
