// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/comparison.h"

#include <cmath>

#include <gtest/gtest.h>

#include "zoa/eval/test_runs.h"

namespace zoa {
namespace {

OptionText option(const std::string& name, const std::string& value) {
  return {name, "text", value, "", 0, 0};
}

void set_option(Run& run, const std::string& name, const std::string& value) {
  std::erase_if(run.header.options, [&](const OptionText& o) { return o.name == name; });
  run.header.options.push_back(option(name, value));
}

TEST(CompareRuns, SeedsBecomeOneRowByHand) {
  // noadapt 4 and 2 of 8 right, zoa 6 and 4 with the first seed, 8 and 4 with the second.
  const Comparison comparison =
      compare_runs({make_test_run("1", {6, 4}), make_test_run("2", {8, 4})});
  ASSERT_EQ(comparison.networks.size(), 1U);
  EXPECT_TRUE(comparison.unlike.empty()) << comparison.unlike.front();
  ASSERT_EQ(comparison.networks[0].rows.size(), 2U);
  const ComparisonRow& zoa = comparison.networks[0].rows[1];
  EXPECT_EQ(zoa.label, "zoa");
  EXPECT_EQ(zoa.seeds, (std::vector<std::string>{"1", "2"}));
  EXPECT_NEAR(zoa.top1->mean, (0.625 + 0.75) / 2, 1e-12);
  EXPECT_NEAR(zoa.top1->sd.value(), 0.125 / std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(zoa.domains[0]->mean, 0.875, 1e-12);
  EXPECT_NEAR(zoa.domains[1]->sd.value(), 0, 1e-12);
  EXPECT_EQ(zoa.passes, 2);
  EXPECT_EQ(zoa.pass_equivalents, 1.5);
  EXPECT_EQ(zoa.ms, 20);
  EXPECT_EQ(zoa.rss_mb, 100);
  EXPECT_NEAR(zoa.ece->mean,
              (std::abs(0.75 - 0.945) + std::abs(0.5 - 0.945) + std::abs(1 - 0.945) +
               std::abs(0.5 - 0.945)) /
                  4,
              1e-12);
}

TEST(CompareRuns, TheStreamOfThePlotSumsTheSeeds) {
  const Comparison comparison =
      compare_runs({make_test_run("1", {6, 4}), make_test_run("2", {8, 4})});
  const zoa::Run& stream = comparison.networks[0].stream;
  ASSERT_EQ(stream.batches.size(), 4U);
  EXPECT_EQ(stream.batches[2].method, "zoa");
  EXPECT_EQ(stream.batches[2].correct, 14U);
  EXPECT_EQ(stream.batches[2].labeled, 16U);
  EXPECT_EQ(stream.batches[2].count, 8U) << "the axis counts the images of one seed";
}

TEST(CompareRuns, MethodsOfSeveralFilesMeetAndNoadaptComesFirst) {
  zoa::Run zoa = make_test_run("1", {6, 4});
  zoa::Run plain = zoa;
  zoa.summaries.erase(zoa.summaries.begin());
  plain.summaries.pop_back();
  const Comparison comparison = compare_runs({zoa, plain});
  ASSERT_EQ(comparison.networks.size(), 1U);
  EXPECT_EQ(row_labels(comparison), (std::vector<std::string>{"noadapt", "zoa"}));
  EXPECT_EQ(baseline_row(comparison.networks[0]).method, "noadapt");
}

TEST(CompareRuns, NetworksAndBitsAreKeptApart) {
  zoa::Run other = make_test_run("1", {6, 4});
  other.header.bits = "w6a6";
  other.header.model_hash = "33";
  zoa::Run again = make_test_run("1", {6, 4});
  again.header.model_hash = "1234567890";
  const Comparison comparison = compare_runs({make_test_run("1", {6, 4}), other, again});
  ASSERT_EQ(comparison.networks.size(), 3U);
  EXPECT_EQ(comparison.networks[0].label, "net w8a8 #22");
  EXPECT_EQ(comparison.networks[1].label, "net w6a6");
  EXPECT_EQ(comparison.networks[2].label, "net w8a8 #123456");
}

TEST(CompareRuns, SaysInWhatRowsAreUnlike) {
  const auto differences = [](auto&& change) {
    zoa::Run other = make_test_run("2", {6, 4});
    other.source = "b.jsonl";
    change(other);
    const Comparison comparison = compare_runs({make_test_run("1", {6, 4}), other});
    std::string text;
    for (const std::string& line : comparison.unlike) {
      text += line + "\n";
    }
    return text;
  };
  EXPECT_EQ(differences([](zoa::Run& run) { run.header.data_hash = "ff"; }),
            "data hash: dd (a.jsonl) vs ff (b.jsonl)\n");
  EXPECT_EQ(differences([](zoa::Run& run) { run.header.images = {8, 4}; }),
            "images: 16 (8 per domain) (a.jsonl) vs 12 (8 + 4) (b.jsonl)\n");
  EXPECT_EQ(differences([](zoa::Run& run) { run.header.domains = {"snow", "fog"}; }),
            "domains: 2: fog,snow (a.jsonl) vs 2: snow,fog (b.jsonl)\n");
  for (const char* name : {"batch", "rounds", "reset", "limit", "severity", "order"}) {
    EXPECT_NE(differences([&](zoa::Run& run) { set_option(run, name, "7"); }).find(name),
              std::string::npos);
  }
  EXPECT_EQ(differences([](zoa::Run& run) { set_option(run, "subset", "x.txt"); }),
            "subset: none (a.jsonl) vs x.txt (b.jsonl)\n")
      << "options that this version does not know";
}

TEST(CompareRuns, RowsMayDifferInSeedThreadsPassesAndMissingDefaults) {
  zoa::Run other = make_test_run("2", {6, 4});
  set_option(other, "threads", "8");
  set_option(other, "passes", "28");
  set_option(other, "shard", "2/3");
  set_option(other, "reset", "continual");  // the default, which the first run does not name
  EXPECT_TRUE(compare_runs({make_test_run("1", {6, 4}), other}).unlike.empty());
}

TEST(CompareRuns, OrderSeedsCountAsASet) {
  const auto shuffled = [](const char* seed, const char* order_seed) {
    zoa::Run run = make_test_run(seed, {6, 4});
    set_option(run, "order", "shuffled");
    set_option(run, "order_seed", order_seed);
    return run;
  };
  EXPECT_TRUE(compare_runs({shuffled("1", "5"), shuffled("1", "6")}).unlike.empty())
      << "all rows have both";
  zoa::Run zoa = shuffled("1", "6");
  zoa.summaries.erase(zoa.summaries.begin());
  const Comparison comparison = compare_runs({shuffled("1", "5"), zoa});
  ASSERT_EQ(comparison.unlike.size(), 1U);
  EXPECT_NE(comparison.unlike[0].find("order seeds: 5 (noadapt on net w8a8) vs 5,6 (zoa"),
            std::string::npos)
      << comparison.unlike[0];
}

TEST(CompareRuns, UnlikeRowsAreNotAveraged) {
  zoa::Run other = make_test_run("2", {0, 0});
  set_option(other, "batch", "32");
  const Comparison comparison = compare_runs({make_test_run("1", {8, 8}), other});
  EXPECT_EQ(row_labels(comparison),
            (std::vector<std::string>{"noadapt (batch 8)", "noadapt (batch 32)", "zoa (batch 8)",
                                      "zoa (batch 32)"}));
  EXPECT_EQ(find_row(comparison.networks[0], "zoa (batch 8)")->top1->mean, 1);
}

TEST(CompareRuns, RowsOfOneMethodAreNamedAfterWhatDiffers) {
  zoa::Run other = make_test_run("1", {8, 4});
  other.header.methods[1].options[1].value = "28";
  const Comparison comparison = compare_runs({make_test_run("1", {6, 4}), other});
  EXPECT_EQ(row_labels(comparison),
            (std::vector<std::string>{"noadapt", "zoa (size 2)", "zoa (size 28)"}));
}

TEST(CompareRuns, TheSameRunTwiceCountsOnceAndOtherResultsAreNoted) {
  const zoa::Run whole = make_test_run("1", {6, 4});
  zoa::Run partial = whole;
  partial.batches.pop_back();
  partial.summaries[1] = summarize(partial, "zoa");
  const Comparison same = compare_runs({partial, whole});
  EXPECT_TRUE(same.unlike.empty());
  EXPECT_EQ(same.networks[0].rows[1].seeds.size(), 1U);
  EXPECT_TRUE(same.networks[0].rows[1].complete);
  EXPECT_FALSE(compare_runs({partial}).networks[0].rows[1].complete);
  const Comparison other = compare_runs({whole, make_test_run("1", {7, 4})});
  ASSERT_EQ(other.unlike.size(), 1U);
  EXPECT_NE(other.unlike[0].find("two results of zoa"), std::string::npos);
}

std::string command_of(const std::string& command, const std::string& method) {
  RunHeader header;
  header.model = "vit";
  header.command = command;
  return row_command(header, method);
}

TEST(RowCommand, KeepsOnlyTheRow) {
  EXPECT_EQ(
      command_of("zoa eval a/vit.zoa,b/resnet.zoa --data npz:x --method noadapt,zoa,foa --set "
                 "zoa.lr=1e-4 --set foa.population=2 --batch 32",
                 "foa"),
      "zoa eval a/vit.zoa --data npz:x --method foa --set foa.population=2 --batch 32");
}

TEST(RowCommand, AStateBelongsToItsMethod) {
  const std::string command =
      "zoa eval vit.zoa --method zoa,cola-fp --state cola-fp=bank --limit 8";
  EXPECT_EQ(command_of(command, "zoa"), "zoa eval vit.zoa --method zoa --limit 8");
  EXPECT_EQ(command_of(command, "cola-fp"),
            "zoa eval vit.zoa --method cola-fp --state cola-fp=bank --limit 8");
}

TEST(RowCommand, QuotesStay) {
  EXPECT_EQ(command_of("zoa eval vit.zoa --data 'images:a b' --method zoa,foa", "zoa"),
            "zoa eval vit.zoa --data 'images:a b' --method zoa");
  EXPECT_EQ(command_of("zoa eval a/vit.zoa,b/vit.zoa --method zoa", "zoa"),
            "zoa eval a/vit.zoa,b/vit.zoa --method zoa")
      << "which of the two is not clear";
}

TEST(RowCommand, OthersComeBackAsTheyAre) {
  EXPECT_EQ(command_of("python my_script.py --method a,b", "a"),
            "python my_script.py --method a,b");
  EXPECT_EQ(command_of("", "a"), "");
}

}  // namespace
}  // namespace zoa
