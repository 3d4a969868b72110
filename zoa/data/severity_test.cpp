// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/severity.h"

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"

namespace zoa {
namespace {

using Severities = std::vector<int>;

TEST(Severity, OneARangeOrAList) {
  EXPECT_EQ(parse_severities("5"), (Severities{5}));
  EXPECT_EQ(parse_severities("1-5"), (Severities{1, 2, 3, 4, 5}));
  EXPECT_EQ(parse_severities("5,1,3"), (Severities{1, 3, 5}));
  EXPECT_EQ(parse_severities("1-2,2,4-4"), (Severities{1, 2, 4}));
  for (const char* text :
       {"", "0", "6", "1-6", "3-1", "1,", ",1", "-3", "1-", "1 ,2", "all", "55"}) {
    const auto [code, message] = test::error_of([&] { parse_severities(text); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    EXPECT_NE(message.find("1,3,5"), std::string::npos) << text;
  }
}

TEST(Severity, DomainsAreCorruptionMajor) {
  const auto domains = cross_severities({"fog", "snow"}, {1, 3});
  ASSERT_EQ(domains.size(), 4U);
  EXPECT_EQ(domains[1].name, "fog@3");
  EXPECT_EQ(domains[2].name, "snow@1");
  EXPECT_EQ(domains[2].corruption, "snow");
  EXPECT_EQ(domains[2].severity, 1);
  EXPECT_EQ(cross_severities({"fog"}, {4}).front().name, "fog");
  EXPECT_THROW(cross_severities({"fog"}, {}), Error);
  EXPECT_THROW(cross_severities({"fog"}, {0}), Error);
  EXPECT_EQ(severities_text({1, 3}), "1,3");
}

}  // namespace
}  // namespace zoa
