// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/class_buffers.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/state_file.h"
#include "zoa/core/test_error.h"

namespace zoa {
namespace {

// Logits of two classes: class 0, the surer the larger `margin`.
std::vector<float> sure(float margin) {
  return {margin, 0};
}

std::vector<float> first_values(const ClassBuffers& buffers, std::size_t label) {
  std::vector<float> values;
  for (const ClassBuffers::Sample& sample : buffers.of_class(label)) {
    values.push_back(sample.feature->front());
  }
  return values;
}

TEST(ClassBuffers, KeepTheSurest) {
  ClassBuffers buffers(2, 1, 2);
  buffers.add(std::vector<float>{10}, sure(1));
  buffers.add(std::vector<float>{20}, sure(3));
  EXPECT_EQ(first_values(buffers, 0), (std::vector<float>{20, 10}));
  buffers.add(std::vector<float>{30}, sure(2));  // 10 gives way
  EXPECT_EQ(first_values(buffers, 0), (std::vector<float>{20, 30}));
  buffers.add(std::vector<float>{40}, sure(1));  // not sure enough
  EXPECT_EQ(first_values(buffers, 0), (std::vector<float>{20, 30}));
  EXPECT_TRUE(buffers.of_class(1).empty());
  EXPECT_EQ(buffers.size(), 2U);
  EXPECT_EQ(buffers.features(), (std::vector<float>{20, 30}));
}

TEST(ClassBuffers, OfEqualsTheEarlierStaysAndTheFirstClassCounts) {
  ClassBuffers buffers(2, 1, 2);
  buffers.add(std::vector<float>{1, 2, 3}, std::vector<float>{5, 5, 5, 5, 5, 5});
  EXPECT_EQ(first_values(buffers, 0), (std::vector<float>{1, 2}));
  EXPECT_TRUE(buffers.of_class(1).empty());
}

TEST(ClassBuffers, CopiesAreIndependent) {
  ClassBuffers buffers(2, 1, 2);
  buffers.add(std::vector<float>{1}, sure(1));
  ClassBuffers copy = buffers;
  copy.add(std::vector<float>{2}, sure(2));
  EXPECT_EQ(first_values(buffers, 0), std::vector<float>{1});
  EXPECT_EQ(first_values(copy, 0), (std::vector<float>{2, 1}));
}

TEST(ClassBuffers, ReadBackAndRefused) {
  ClassBuffers buffers(2, 1, 2);
  buffers.add(std::vector<float>{1, 2, 3}, std::vector<float>{5, 5, 1, 0, 0, 9});
  MemoryState good;
  buffers.save(good, "x");
  ClassBuffers other(2, 1, 2);
  other.load(good, "x");
  EXPECT_EQ(other.features(), (std::vector<float>{2, 1, 3}));
  MemoryState again;
  other.save(again, "x");
  EXPECT_TRUE(good == again);

  const auto code = [](ClassBuffers target, const MemoryState& state) {
    return test::error_of([&] { target.load(state, "x"); }).first;
  };
  EXPECT_EQ(code(ClassBuffers(2, 1, 1), good), ErrorCode::StateMismatch);
  EXPECT_EQ(code(ClassBuffers(3, 1, 2), good), ErrorCode::StateMismatch);
  EXPECT_EQ(code(ClassBuffers(2, 2, 2), good), ErrorCode::StateMismatch);
  MemoryState bad = good;
  bad.put_i64("x.samples_per_class", std::vector<std::int64_t>{-1, 4});
  EXPECT_EQ(code(other, bad), ErrorCode::StateMismatch);
  bad = good;
  bad.put_f32("x.features", std::vector<float>{1, 2, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(code(other, bad), ErrorCode::BadFile);
}

}  // namespace
}  // namespace zoa
