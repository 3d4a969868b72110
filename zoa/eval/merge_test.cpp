// SPDX-License-Identifier: Apache-2.0
// Shards written by hand; those of real networks: tests/cli/run_cli_tests.py.
#include "zoa/eval/merge.h"

#include <sstream>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/eval/record.h"

namespace zoa {
namespace {

constexpr RecordFormat kPlain{false};

RunHeader header_of(const std::string& shard, const std::string& reset = "continual") {
  RunHeader header;
  header.model = "net";
  header.domains = {"snow", "fog"};
  header.images = {4, 4};
  header.options = {{"batch", "int", "4", "", 0, 0},
                    {"reset", "text", reset, "", 0, 0},
                    {"shard", "text", shard, "", 0, 0}};
  header.methods = {{"noadapt", {}}, {"zoa", {}}};
  header.command = "zoa eval net.zoa" + (shard.empty() ? "" : " --shard " + shard);
  return header;
}

BatchRecord batch_of(const std::string& method, const std::string& domain, std::size_t step) {
  BatchRecord record;
  record.method = method;
  record.domain = domain;
  record.step = step;
  record.count = record.labeled = 4;
  record.correct = method == "zoa" ? 3 : 1;
  return record;
}

// The lines that an evaluation of these batches writes.
std::vector<std::string> lines_of(const RunHeader& header,
                                  const std::vector<BatchRecord>& batches,
                                  const std::vector<std::string>& methods,
                                  bool complete = true) {
  Run run{header, batches, {}};
  std::vector<std::string> lines{to_json_line(header, kPlain)};
  for (const BatchRecord& batch : batches) {
    lines.push_back(to_json_line(batch, kPlain));
  }
  for (const std::string& method : methods) {
    MethodSummary summary = summarize(run, method);
    summary.complete = complete;
    lines.push_back(to_json_line(summary, kPlain));
  }
  return lines;
}

std::vector<std::string> whole(const std::string& reset = "continual") {
  return lines_of(header_of("", reset),
                  {batch_of("noadapt", "snow", 1), batch_of("zoa", "snow", 1),
                   batch_of("noadapt", "fog", 2), batch_of("zoa", "fog", 2)},
                  {"noadapt", "zoa"});
}

ShardFile first_half() {
  return {"1.jsonl",
          lines_of(header_of("1/2"),
                   {batch_of("noadapt", "snow", 1), batch_of("noadapt", "fog", 2)}, {"noadapt"})};
}

ShardFile second_half(bool complete = true) {
  return {"2.jsonl",
          lines_of(header_of("2/2"), {batch_of("zoa", "snow", 1), batch_of("zoa", "fog", 2)},
                   {"zoa"}, complete)};
}

TEST(Merge, MethodsOfTwoShards) {
  EXPECT_EQ(merge_shards({second_half(), first_half()}), whole());
}

TEST(Merge, DomainsOfThreeShardsGetTheirStepsBack) {
  // Cells: noadapt snow, noadapt fog, zoa snow, zoa fog; dealt to 1, 2, 3, 1.
  const auto header = [](const std::string& shard) { return header_of(shard, "domain"); };
  const ShardFile one{
      "1", lines_of(header("1/3"), {batch_of("noadapt", "snow", 1), batch_of("zoa", "fog", 1)},
                    {"noadapt", "zoa"})};
  const ShardFile two{"2", lines_of(header("2/3"), {batch_of("noadapt", "fog", 1)}, {"noadapt"})};
  const ShardFile three{"3", lines_of(header("3/3"), {batch_of("zoa", "snow", 1)}, {"zoa"})};
  EXPECT_EQ(merge_shards({one, two, three}), whole("domain"));
}

TEST(Merge, WhatIsWrongIsSaid) {
  const auto error_of = [](const std::vector<ShardFile>& files) {
    const auto [code, text] = test::error_of([&] { merge_shards(files); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    return text;
  };
  EXPECT_NE(error_of({first_half()}).find("shard 2/2 is missing"), std::string::npos);
  EXPECT_NE(error_of({second_half()}).find("shard 1/2 is missing"), std::string::npos);
  EXPECT_NE(error_of({first_half(), first_half()}).find("also in 1.jsonl"), std::string::npos);
  EXPECT_NE(error_of({first_half(), second_half(false)}).find("2.jsonl: shard 2/2 is not complete"),
            std::string::npos);
  EXPECT_NE(error_of({{"whole", whole()}}).find("is not a shard"), std::string::npos);
  EXPECT_NE(error_of({}).find("no shards"), std::string::npos);
  RunHeader other = header_of("2/2");
  other.options[0].value = "8";
  const ShardFile changed{"2", lines_of(other, {}, {"zoa"})};
  EXPECT_NE(error_of({first_half(), changed}).find("options/batch is 4 and 8"), std::string::npos);
  ShardFile longer = second_half();
  longer.lines.push_back(longer.lines.front());
  EXPECT_NE(error_of({first_half(), longer}).find("2 runs"), std::string::npos);
}

TEST(Merge, DamageIsABadFile) {
  const auto code_of = [](const ShardFile& second) {
    return test::error_of([&] { merge_shards({first_half(), second}); }).first;
  };
  EXPECT_EQ(code_of({"x", {"garbage"}}), ErrorCode::BadFile);
  EXPECT_EQ(code_of({"x", {}}), ErrorCode::BadFile);
  EXPECT_EQ(code_of({"x", {to_json_line(batch_of("zoa", "fog", 1), kPlain)}}), ErrorCode::BadFile);
  ShardFile strange = second_half();  // a batch of the other shard
  strange.lines.push_back(to_json_line(batch_of("noadapt", "fog", 2), kPlain));
  EXPECT_EQ(code_of(strange), ErrorCode::BadFile);
  strange.lines.back() = to_json_line(batch_of("zoa", "haze", 2), kPlain);
  EXPECT_EQ(code_of(strange), ErrorCode::BadFile);
}

TEST(Merge, AHalfWrittenLastLineIsLeftOut) {
  std::istringstream in("one\ntwo\nthr");
  EXPECT_EQ(read_shard(in, "x").lines, (std::vector<std::string>{"one", "two"}));
}

TEST(Mixed, SharesOfABatchGoToTheirDomains) {
  BatchRecord record = batch_of("zoa", kMixedDomain, 1);
  record.by_domain = {{"snow", 1, 1}, {"fog", 3, 2}};
  const zoa::Run run{header_of(""), {record}, {}};
  const MethodSummary summary = summarize(run, "zoa");
  ASSERT_EQ(summary.domains.size(), 2U);
  EXPECT_EQ(summary.domains[0].top1(), 1.0);
  EXPECT_EQ(summary.domains[1].labeled, 3U);
  std::stringstream file(to_json_line(run.header, {}) + "\n" + to_json_line(record, {}) + "\n");
  const zoa::Run back = read_runs(file, "x").front();
  EXPECT_EQ(to_json_line(back.batches.front(), {}), to_json_line(record, {}));
}

}  // namespace
}  // namespace zoa
