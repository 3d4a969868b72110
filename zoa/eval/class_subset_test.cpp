// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/class_subset.h"

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/eval/metrics.h"

namespace zoa {
namespace {

const std::vector<float> kLogits{9, 1, 3, 2,   // the largest is at 0
                                 9, 5, 1, 7};  // the same

TEST(ClassSubset, AnswersOnlyAmongThePossible) {
  const std::vector<int> labels{2, 1};
  const std::vector<int> possible{1, 2, 3};
  const Answers answers = keep_possible(kLogits, 4, labels, possible);
  EXPECT_EQ(answers.logits, (std::vector<float>{1, 3, 2, 5, 1, 7}));
  EXPECT_EQ(answers.labels, (std::vector<int>{1, 0}));
  EXPECT_EQ(count_correct(kLogits, 4, labels).correct, 0U);
  EXPECT_EQ(count_correct(answers.logits, answers.classes, answers.labels).correct, 1U);
}

TEST(ClassSubset, NoListKeepsAll) {
  const std::vector<int> labels{0, -1};
  const Answers answers = keep_possible(kLogits, 4, labels, {});
  EXPECT_EQ(answers.logits, kLogits);
  EXPECT_EQ(answers.labels, labels);
  EXPECT_EQ(answers.classes, 4U);
}

TEST(ClassSubset, UnknownLabelsStayUnknownAndOthersAreRefused) {
  const auto code_of = [](std::vector<int> labels, std::vector<int> possible) {
    return test::error_of([&] { keep_possible(kLogits, 4, labels, possible); }).first;
  };
  EXPECT_EQ(keep_possible(kLogits, 4, std::vector<int>{-1, 3}, std::vector<int>{2, 3}).labels,
            (std::vector<int>{-1, 1}));
  EXPECT_EQ(code_of({0, 2}, {2, 3}), ErrorCode::InvalidArgument);  // class 0 cannot be
  EXPECT_EQ(code_of({2, 2}, {2, 4}), ErrorCode::InvalidArgument);  // the network has no class 4
  EXPECT_EQ(code_of({2}, {2, 3}), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
