// SPDX-License-Identifier: Apache-2.0
// The search for widths on a small network of random weights, with pictures made here.
#include "zoa/quantize/sensitivity.h"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/test_folder.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

QuantizeOptions make_options(const std::string& bits, double max_drop = 0) {
  QuantizeOptions options;
  options.bits = bits;
  options.max_drop = max_drop;
  options.sensitivity = true;
  options.calib_size = 0;
  options.batch = 16;
  options.threads = 1;
  return options;
}

// More pictures than the ranking reads, and no multiple of a batch.
constexpr std::size_t kImages = 72;

test::RandomImages pictures(std::vector<int> labels = {}) {
  test::RandomImages images(kImages, test::kSize);
  images.set_labels(std::move(labels));
  return images;
}

Model load_network() {
  return test::load_float("resnet-folded.onnx");
}

QuantizeReport report_of(const QuantizeOptions& options,
                         const Dataset& data = pictures(),
                         const Model& network = load_network()) {
  QuantizeReport report;
  quantize(network, {data, 0}, options, &report);
  return report;
}

// What the float network answers, by image.
std::vector<int> float_answers() {
  const auto logits = test::logits_of(load_network(), pictures());
  const auto classes = static_cast<std::ptrdiff_t>(logits.size() / kImages);
  std::vector<int> answers;
  for (auto row = logits.begin(); row != logits.end(); row += classes) {
    answers.push_back(static_cast<int>(std::max_element(row, row + classes) - row));
  }
  return answers;
}

// Coarse enough that answers change; made once.
const QuantizeReport& planned_report() {
  static const QuantizeReport report = report_of(make_options("w2a3"));
  return report;
}

// A layer in the middle of the network.
std::string middle_layer() {
  const auto& layers = planned_report().layers;
  return layers[layers.size() / 2].name;
}

// A rule for one layer.
std::string rule(const std::string& layer, const std::string& bits) {
  std::string pattern;
  for (const char c : layer) {
    pattern += std::strchr(".+*()[]{}|^$?\\", c) != nullptr ? std::string{'\\', c} : std::string{c};
  }
  return pattern + "$=" + bits;
}

TEST(Sensitivity, TheSabotagedLayerIsTheWorst) {
  const std::string layer = middle_layer();
  QuantizeOptions options = make_options("w8a8");
  options.layers = {rule(layer, "w2a2")};
  const QuantizeReport report = report_of(options);
  const auto& ranking = report.sensitivity.ranking;
  ASSERT_EQ(ranking.size(), report.layers.size());
  EXPECT_EQ(report.layers[ranking[0].layer].name, layer);
  EXPECT_GT(ranking[0].divergence, 10 * ranking[1].divergence);
  EXPECT_TRUE(std::is_sorted(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) {
    return a.divergence > b.divergence;
  }));
  EXPECT_EQ(report.sensitivity.ranking_images, 64U);
  EXPECT_EQ(report.sensitivity.drop_images, kImages);
  EXPECT_EQ(report.layers[ranking[0].layer].divergence, ranking[0].divergence);
}

TEST(Sensitivity, MeetsTheDropWithTheFewestOfTheWorst) {
  const QuantizeReport& planned = planned_report();
  ASSERT_GT(planned.sensitivity.drop, 2.0 / kImages) << "nothing to search for";
  const double most = planned.sensitivity.drop / 2;
  const QuantizeReport report = report_of(make_options("w2a3", most));
  const SensitivityReport& found = report.sensitivity;
  EXPECT_TRUE(found.met);
  EXPECT_LE(found.drop, most);
  EXPECT_EQ(found.drop_planned, planned.sensitivity.drop);
  EXPECT_EQ(found.floats, 0U);
  ASSERT_GT(found.raised, 0U);
  // One layer less was tried and is not enough.
  const bool less_fails =
      std::any_of(found.trials.begin(), found.trials.end(), [&](const SensitivityTrial& trial) {
        return trial.raised + 1 == found.raised && trial.floats == 0 && trial.drop > most;
      });
  EXPECT_TRUE(less_fails);
  // The raised layers are the worst of those that can be raised.
  std::size_t raised = 0;
  for (const LayerSensitivity& layer : found.ranking) {
    EXPECT_EQ(layer.kept != layer.planned, layer.planned != "w8a8" && raised < found.raised);
    raised += layer.kept != layer.planned ? 1U : 0U;
    EXPECT_EQ(report.layers[layer.layer].weight_bits, layer.kept == "w8a8" ? 8 : 2);
  }
}

TEST(Sensitivity, TheModelSaysWhatWasFound) {
  const TestFolder folder;
  QuantizeReport report;
  const auto data = pictures();
  quantize(load_network(), {data, 0}, make_options("w2a3", 0.03), &report)
      .save(folder.file("m.zoa"));
  const QuantizationSummary summary = Model::load(folder.file("m.zoa")).quantization();
  EXPECT_EQ(summary.max_drop, 0.03);
  EXPECT_EQ(summary.drop, report.sensitivity.drop);
  EXPECT_EQ(summary.drop_measure, "changed answers");
  ASSERT_EQ(summary.sensitivity.size(), report.sensitivity.ranking.size());
  EXPECT_EQ(summary.sensitivity[0].name, report.layers[report.sensitivity.ranking[0].layer].name);
  EXPECT_EQ(summary.sensitivity[0].divergence, report.sensitivity.ranking[0].divergence);
}

TEST(Sensitivity, RulesAreKeptAndAMissIsSaid) {
  const std::string layer = middle_layer();
  QuantizeOptions options = make_options("w8a8", 1e-9);
  options.layers = {rule(layer, "w2a2")};
  const QuantizeReport report = report_of(options);
  const SensitivityReport& found = report.sensitivity;
  for (const LayerSensitivity& entry : found.ranking) {
    EXPECT_EQ(entry.fixed, report.layers[entry.layer].name == layer);
  }
  EXPECT_EQ(found.ranking[0].kept, "w2a2");
  EXPECT_EQ(report.layers[found.ranking[0].layer].weight_bits, 2);
  ASSERT_GT(found.drop_planned, 0) << "the rule was to spoil the network";
  EXPECT_FALSE(found.met);
  EXPECT_GT(found.drop, 1e-9);
  EXPECT_TRUE(std::all_of(found.trials.begin(), found.trials.end(),
                          [&](const auto& trial) { return trial.drop >= found.drop; }));
}

TEST(Sensitivity, LabelsThatTheFloatNetworkGivesMakeBothMeasuresEqual) {
  const QuantizeReport& changed = planned_report();
  EXPECT_EQ(changed.sensitivity.measure, "changed answers");
  std::vector<int> labels = float_answers();
  const QuantizeReport accuracy = report_of(make_options("w2a3"), pictures(labels));
  EXPECT_EQ(accuracy.sensitivity.measure, "accuracy");
  EXPECT_EQ(accuracy.sensitivity.drop, changed.sensitivity.drop);
  // Wrong labels: the float network is at 0, so nothing can be lost.
  for (int& label : labels) {
    label = (label + 1) % 10;
  }
  EXPECT_LE(report_of(make_options("w2a3"), pictures(labels)).sensitivity.drop, 0);
}

// On a transformer: with two threads, the runtime's int8 kernel for strided 1x1 convolutions of as
// few channels as load_network() has gives other sums from pass to pass (see low_bit_folder_test).
TEST(Sensitivity, ThreadsDoNotMatter) {
  const Model network = test::load_float("vit-separate-qkv.onnx");
  QuantizeOptions options = make_options("w2a3", 0.03);
  const SensitivityReport one = report_of(options, pictures(), network).sensitivity;
  options.threads = 2;
  const SensitivityReport two = report_of(options, pictures(), network).sensitivity;
  ASSERT_EQ(one.ranking.size(), two.ranking.size());
  for (std::size_t i = 0; i < one.ranking.size(); ++i) {
    EXPECT_EQ(one.ranking[i].layer, two.ranking[i].layer);
    EXPECT_EQ(one.ranking[i].kept, two.ranking[i].kept);
    EXPECT_NEAR(one.ranking[i].divergence, two.ranking[i].divergence,
                0.02 * one.ranking[i].divergence + 1e-6);
  }
  EXPECT_EQ(one.drop, two.drop);
}

TEST(Sensitivity, KeptWidthsCannotBeSearched) {
  try {
    report_of(make_options("keep"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
  }
}

}  // namespace
}  // namespace zoa
