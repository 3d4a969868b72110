// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/data/test_fake_dataset.h"
#include "zoa/eval/run.h"
#include "zoa/eval/shard.h"
#include "zoa/eval/streams.h"

namespace zoa {
namespace {

TEST(EvalOptions, BadOnesAreNamed) {
  const auto text_of = [](auto&& change) {
    EvalOptions options;
    change(options);
    return test::error_of([&] { check_eval_options(options); }).second;
  };
  EXPECT_NO_THROW(check_eval_options({}));
  EXPECT_NE(text_of([](EvalOptions& o) { o.order = "sort"; }).find("sorted"), std::string::npos);
  EXPECT_NE(text_of([](EvalOptions& o) { o.severity = "6"; }).find("severity"), std::string::npos);
  EXPECT_NE(text_of([](EvalOptions& o) { o.reset = "never"; }).find("round"), std::string::npos);
  EXPECT_NE(text_of([](EvalOptions& o) { o.shard = "3/2"; }).find("'shard'"), std::string::npos);
  EXPECT_NE(text_of([](EvalOptions& o) { o.concentration = 0; }).find("concentration"),
            std::string::npos);
  EXPECT_NE(text_of([](EvalOptions& o) {
              o.mixed = true;
              o.reset = "domain";
            }).find("mixed domains"),
            std::string::npos);
}

TEST(Shard, PartsAreReadStrictly) {
  EXPECT_EQ(parse_shard("").count, 1U);
  EXPECT_EQ(parse_shard("2/3").index, 2U);
  EXPECT_EQ(parse_shard("2/3").count, 3U);
  for (const char* text : {"0/3", "4/3", "3", "/3", "1/", "1/0", "a/b", "1/2/3", " 1/2", "-1/2"}) {
    EXPECT_EQ(test::error_of([&] { parse_shard(text); }).first, ErrorCode::InvalidArgument) << text;
  }
}

TEST(Shard, EveryCellIsDealtOnce) {
  const CellGrid grid{3, 5};
  std::vector<std::size_t> sizes(4);
  std::set<std::size_t> numbers;
  for (std::size_t run = 0; run < 2; ++run) {
    for (std::size_t method = 0; method < 3; ++method) {
      for (std::size_t stream = 0; stream < 5; ++stream) {
        const std::size_t cell = grid.number(run, method, stream);
        numbers.insert(cell);
        for (std::size_t index = 1; index <= 4; ++index) {
          sizes[index - 1] += CellGrid::is_in({index, 4}, cell) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_EQ(numbers.size(), 30U);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8, 8, 7, 7}));
}

TEST(Streams, OnePerDomainOrOneOfAll) {
  const test::FakeDataset data(6, 2);
  EvalOptions options;
  options.limit = 4;
  const std::vector<std::size_t> domains = pick_domains(data, options);
  EXPECT_EQ(domains, (std::vector<std::size_t>{0, 1}));
  std::vector<EvalStream> streams = make_streams(data, domains, options);
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[1].name, "fake1");
  EXPECT_EQ(order_stream(data, streams[1], options).size(), 4U);
  options.mixed = true;
  streams = make_streams(data, domains, options);
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].name, "mixed");
  EXPECT_EQ(order_stream(data, streams[0], options).size(), 8U);
  options.domains = {"fake1", "fake1"};
  EXPECT_THROW(pick_domains(data, options), Error);
}

TEST(Streams, OrdersThatNeedLabelsAreRefusedBeforeTheRun) {
  const test::FakeDataset data(6, 1, 0);
  EvalOptions options;
  EXPECT_NO_THROW(make_streams(data, {0}, options));
  options.order = "sorted";
  EXPECT_THROW(make_streams(data, {0}, options), Error);
}

}  // namespace
}  // namespace zoa
