// SPDX-License-Identifier: Apache-2.0
// Checks of the options of an evaluation, before anything is read.
#include <algorithm>
#include <charconv>

#include "zoa/adapt/guard_options.h"
#include "zoa/core/error.h"
#include "zoa/data/order.h"
#include "zoa/data/severity.h"
#include "zoa/eval/run.h"
#include "zoa/eval/shard.h"

namespace zoa {
namespace {

constexpr std::size_t kMostShards = 100'000;

std::size_t parse_count(const std::string& text) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? value : 0;
}

}  // namespace

Shard parse_shard(const std::string& text) {
  if (text.empty()) {
    return {};
  }
  const std::size_t slash = text.find('/');
  const Shard shard{parse_count(text.substr(0, slash)),
                    slash == std::string::npos ? 0 : parse_count(text.substr(slash + 1))};
  if (shard.index < 1 || shard.index > shard.count || shard.count > kMostShards) {
    fail(ErrorCode::InvalidArgument, "option 'shard': '", text,
         "' is not a part; expected i/n with i from 1 to n, e.g. 2/3");
  }
  return shard;
}

void check_eval_options(const EvalOptions& options) {
  check_options(options);
  parse_order(options.order);
  parse_severities(options.severity);
  parse_shard(options.shard);
  guard_options(options.guard);
  const std::vector<std::string> known{"continual", "domain", "round"};
  if (std::find(known.begin(), known.end(), options.reset) == known.end()) {
    fail(ErrorCode::InvalidArgument, "option 'reset': '", options.reset,
         "' is not continual, domain or round");
  }
  if (options.mixed && options.reset == "domain") {
    fail(ErrorCode::InvalidArgument,
         "option 'reset': domain, but mixed domains have no start; expected continual or round");
  }
}

}  // namespace zoa
