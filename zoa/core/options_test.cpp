// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/options.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "zoa/core/error.h"

namespace zoa {
namespace {

struct Sample {
  bool on = true;
  std::int64_t count = 3;
  double rate = 5e-4;
  std::string name = "x y";

  template <class F>
  void visit(F&& f) {
    f(on, OptionMeta{"on", "a switch", 0, 1});
    f(count, OptionMeta{"count", "a number", 0, 10});
    f(rate, OptionMeta{"rate", "a rate", 0, 1});
    f(name, OptionMeta{"name", "a text"});
  }
};

std::string error_of(const std::string& name, const std::string& text) {
  Sample sample;
  try {
    set_option(sample, name, text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST(Options, ListsInOrder) {
  const auto list = list_options(Sample{});
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0].value, "true");
  EXPECT_EQ(list[1].type, "int");
  EXPECT_EQ(list[2].value, "5e-04");
  EXPECT_EQ(list[2].max, 1);
  EXPECT_EQ(list[3].value, "x y");
}

TEST(Options, SetsFromText) {
  Sample sample;
  set_option(sample, "on", "off");
  set_option(sample, "count", "10");
  set_option(sample, "rate", "0.25");
  set_option(sample, "name", "");
  EXPECT_FALSE(sample.on);
  EXPECT_EQ(sample.count, 10);
  EXPECT_EQ(sample.rate, 0.25);
  EXPECT_EQ(sample.name, "");
}

TEST(Options, DoublesRoundTrip) {
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789.0}) {
    double parsed = 0;
    detail::parse_option({"x", ""}, detail::option_text(value), parsed);
    EXPECT_EQ(parsed, value);
  }
}

TEST(Options, ErrorsNameOptionValueAndRange) {
  EXPECT_EQ(error_of("rate", "2"), "option 'rate': 2 is outside 0 .. 1");
  EXPECT_EQ(error_of("rate", "nan"), "option 'rate': 'nan' is not a finite number");
  EXPECT_EQ(error_of("rate", "1 "), "option 'rate': '1 ' is not a finite number");
  EXPECT_EQ(error_of("count", "1.5"), "option 'count': '1.5' is not a whole number");
  EXPECT_EQ(error_of("count", "99999999999999999999"),
            "option 'count': '99999999999999999999' is not a whole number");
  EXPECT_EQ(error_of("on", "maybe"), "option 'on': 'maybe' is not true or false");
}

TEST(Options, UnknownNamesGetAHint) {
  EXPECT_EQ(error_of("rat", "1"),
            "unknown option 'rat'; did you mean 'rate'? known: on, count, rate, name");
  EXPECT_EQ(error_of("Count", "1"),
            "unknown option 'Count'; did you mean 'count'? known: on, count, rate, name");
  EXPECT_EQ(error_of("temperature", "1"),
            "unknown option 'temperature'; known: on, count, rate, name");
}

TEST(Options, CheckFindsValuesOutOfRange) {
  Sample sample;
  check_options(sample);
  sample.count = 11;
  EXPECT_THROW(check_options(sample), Error);
  sample.count = 1;
  sample.rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(check_options(sample), Error);
}

}  // namespace
}  // namespace zoa
