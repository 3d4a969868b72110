// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/record.h"

#include <limits>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "zoa/core/error.h"

namespace zoa {
namespace {

using Json = nlohmann::json;

RunHeader make_header() {
  RunHeader header;
  header.zoa = "0.1.0";
  header.runtime = "OpenVINO x";
  header.machine = {"a \"cpu\"", "avx2", 2};
  header.model = "net";
  header.model_hash = "ab";
  header.family = "vit";
  header.bits = "w8a8";
  header.quantized = 9;
  header.products = 10;
  header.preprocess = "as is";
  header.data = "npz:a\nb";
  header.data_hash = "cd";
  header.domains = {"fog"};
  header.images = {8};
  header.options = {{"batch", "int", "64", "", 0, 0}, {"threads", "int", "2", "", 0, 0}};
  header.methods = {
      {"zoa", {{"lr", "float", "0.0005", "", 0, 0}, {"shift", "bool", "true", "", 0, 0}}}};
  header.command = "zoa eval net.zoa";
  return header;
}

BatchRecord make_batch() {
  BatchRecord record;
  record.method = "zoa";
  record.domain = "fog";
  record.step = 1;
  record.count = 8;
  record.labeled = 8;
  record.correct = 6;
  record.top1 = 0.75;
  record.loss = 1.5;
  record.changed = true;
  record.passes = 2;
  record.pass_equivalents = 1.75;
  record.ece_bins[9] = {5, 3.21, 4};
  record.ece_bins[14] = {3, 2.875, 2};
  record.bank_weights = {0.25, 0.75};
  record.rss_mb = 812.34;
  record.ms = 12.3456;
  return record;
}

TEST(Record, BatchHasTheKeysThatScriptsRead) {
  const Json json = Json::parse(to_json_line(make_batch(), {}));
  for (const char* key :
       {"kind", "method", "domain", "round", "step", "count", "correct", "loss", "passes", "ms",
        "changed", "pass_equivalents", "ece_bins", "rss_mb", "bank_weights"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["ms"], 12.346);
  EXPECT_EQ(json["correct"], 6);
  EXPECT_TRUE(json["removed_entry"].is_null());
  EXPECT_EQ(json["ece_bins"].dump(), "[[9,5,3.21,4],[14,3,2.875,2]]");
  EXPECT_EQ(json["bank_weights"].dump(), "[0.25,0.75]");
  EXPECT_EQ(json["rss_mb"], 812.3);
}

TEST(Record, UnknownLabelsAndNaNAreNull) {
  BatchRecord record = make_batch();
  record.correct.reset();
  record.loss = std::numeric_limits<double>::quiet_NaN();
  const Json json = Json::parse(to_json_line(record, {}));
  EXPECT_TRUE(json["correct"].is_null());
  EXPECT_TRUE(json["loss"].is_null());
}

TEST(Record, WithoutTimingsNothingOfTheMachineIsLeft) {
  const RecordFormat format{false};
  RunHeader other = make_header();
  other.machine = {"another", "avx512", 64};
  other.options[1].value = "64";
  EXPECT_EQ(to_json_line(make_header(), format), to_json_line(other, format));
  BatchRecord slower = make_batch();
  slower.ms = 99;
  slower.rss_mb = 99;
  EXPECT_EQ(to_json_line(make_batch(), format), to_json_line(slower, format));
  MethodSummary quick;
  MethodSummary slow;
  slow.ms_median = 5;
  slow.rss_mb = 5;
  EXPECT_EQ(to_json_line(quick, format), to_json_line(slow, format));
}

TEST(Record, LinesStayLinesAndBytesBecomeText) {
  RunHeader header = make_header();
  header.model = "\xff\xfe";
  const std::string line = to_json_line(header, {});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(line)["data"]["spec"], "npz:a\nb");
}

TEST(ReadRuns, RoundTrip) {
  std::stringstream file;
  file << to_json_line(make_header(), {}) << "\n" << to_json_line(make_batch(), {}) << "\n";
  const std::vector<zoa::Run> runs = read_runs(file, "run.jsonl");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(to_json_line(runs[0].header, {}), to_json_line(make_header(), {}));
  ASSERT_EQ(runs[0].batches.size(), 1U);
  EXPECT_EQ(to_json_line(runs[0].batches[0], {}), to_json_line(make_batch(), {}));
  ASSERT_EQ(runs[0].summaries.size(), 1U);
  EXPECT_EQ(runs[0].summaries[0].top1, 0.75);
}

TEST(ReadRuns, FilesOfBeforeHaveNoNewKeys) {
  Json old = Json::parse(to_json_line(make_batch(), {}));
  for (const char* key : {"pass_equivalents", "ece_bins", "rss_mb", "bank_weights"}) {
    old.erase(key);
  }
  std::stringstream file;
  file << to_json_line(make_header(), {}) << "\n" << old << "\n";
  const zoa::Run run = read_runs(file, "old.jsonl").at(0);
  EXPECT_EQ(run.batches.at(0).pass_equivalents, 2);
  EXPECT_TRUE(run.batches.at(0).bank_weights.empty());
  EXPECT_FALSE(run.summaries.at(0).ece.has_value());
  EXPECT_FALSE(run.summaries.at(0).rss_mb.has_value());
}

TEST(ReadRuns, AHalfWrittenLastLineIsLeftOut) {
  const std::string batch = to_json_line(make_batch(), {});
  std::stringstream file;
  file << to_json_line(make_header(), {}) << "\n" << batch << "\n" << batch.substr(0, 40);
  EXPECT_EQ(read_runs(file, "x")[0].batches.size(), 1U);
}

std::string error_of(const std::string& content) {
  std::stringstream file(content);
  try {
    read_runs(file, "run.jsonl");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadFile);
    return error.what();
  }
  return "no error";
}

TEST(ReadRuns, SaysWhichLineIsWrong) {
  const std::string header = to_json_line(make_header(), {});
  EXPECT_NE(error_of(header + "\n{\"kind\": 3}\n").find("run.jsonl:2"), std::string::npos);
  EXPECT_NE(error_of(header + "\n{\"kind\":\"batch\"}\n").find("run.jsonl:2"), std::string::npos);
  Json bins = Json::parse(to_json_line(make_batch(), {}));
  bins["ece_bins"] = {{15, 1, 1, 1}};
  EXPECT_NE(error_of(header + "\n" + bins.dump() + "\n").find("bin 15"), std::string::npos);
  EXPECT_NE(error_of("garbage\n").find("run.jsonl:1"), std::string::npos);
  EXPECT_NE(error_of("[1, 2]\n").find("run.jsonl:1"), std::string::npos);
  EXPECT_NE(error_of(to_json_line(make_batch(), {}) + "\n").find("before"), std::string::npos);
  EXPECT_NE(error_of("").find("no run"), std::string::npos);
}

TEST(Summarize, DomainsHaveTheSameWeightAndInterruptedOnesStay) {
  zoa::Run run;
  run.header.domains = {"fog", "snow", "never reached"};
  BatchRecord record = make_batch();
  run.batches.push_back(record);
  record.domain = "snow";
  record.count = record.labeled = 2;
  record.correct = 0;
  record.skipped = 3;
  run.batches.push_back(record);
  const MethodSummary summary = summarize(run, "zoa");
  EXPECT_EQ(summary.top1, 0.375);
  EXPECT_EQ(summary.images, 10U);
  EXPECT_EQ(summary.skipped, 3U);
  EXPECT_EQ(summary.domains.size(), 3U);
  EXPECT_FALSE(summary.domains[2].top1().has_value());
}

// Two rounds over two domains, batches of 4 and 2 images.
zoa::Run make_rounds() {
  zoa::Run run;
  run.header.domains = {"fog", "snow"};
  const auto add = [&](std::size_t round, const char* domain, std::size_t correct, double loss) {
    BatchRecord record = make_batch();
    record.round = round;
    record.domain = domain;
    record.count = record.labeled = record.domain == "fog" ? 4 : 2;
    record.correct = correct;
    record.loss = loss;
    record.entropy = loss / 2;
    record.pass_equivalents = static_cast<double>(round);
    record.rss_mb = 100.0 * static_cast<double>(3 - round);
    record.ece_bins = {};
    record.ece_bins[14] = {record.count, 0.95 * static_cast<double>(record.count), correct};
    run.batches.push_back(record);
  };
  add(1, "fog", 2, 1);
  add(1, "snow", 2, 2);
  add(2, "fog", 4, 3);
  add(2, "snow", 1, std::numeric_limits<double>::quiet_NaN());
  return run;
}

TEST(Summarize, RoundsCalibrationAndCost) {
  const MethodSummary summary = summarize(make_rounds(), "zoa");
  ASSERT_EQ(summary.rounds.size(), 2U);
  EXPECT_EQ(summary.rounds[0].top1, 0.75);  // (2/4 + 2/2) / 2
  EXPECT_EQ(summary.rounds[1].top1, 0.75);  // (4/4 + 1/2) / 2
  EXPECT_EQ(summary.top1, 0.75);            // (6/8 + 3/4) / 2
  // fog: |6/8 - 0.95| = 0.2; snow: |3/4 - 0.95| = 0.2
  EXPECT_NEAR(summary.ece.value(), 0.2, 1e-12);
  EXPECT_NEAR(summary.loss.value(), (4 * 1 + 2 * 2 + 4 * 3) / 10.0, 1e-12);
  EXPECT_NEAR(summary.entropy.value(), 1.0, 1e-12);
  EXPECT_EQ(summary.pass_equivalents_per_batch, 1.5);
  EXPECT_EQ(summary.rss_mb, 200);
  const Json json = Json::parse(to_json_line(summary, {}));
  EXPECT_EQ(json["rounds"].dump(), "{\"1\":0.75,\"2\":0.75}");
  EXPECT_NEAR(json["ece_domains"]["fog"].get<double>(), 0.2, 1e-12);
}

TEST(Summarize, MixedDomainsShareTheCalibrationOfAllImages) {
  zoa::Run run = make_rounds();
  for (BatchRecord& record : run.batches) {
    record.by_domain = {{record.domain, record.labeled, *record.correct}};
    record.domain = kMixedDomain;
  }
  const MethodSummary summary = summarize(run, "zoa");
  EXPECT_EQ(summary.top1, 0.75);
  EXPECT_NEAR(summary.ece.value(), 0.95 - 9.0 / 12, 1e-12);
  EXPECT_FALSE(calibration_error(summary.domains[0].ece_bins).has_value());
}

}  // namespace
}  // namespace zoa
