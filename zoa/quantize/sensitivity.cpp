// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/sensitivity.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "zoa/quantize/answers_ov.h"
#include "zoa/quantize/sensitivity_ov.h"

namespace zoa {

namespace {

constexpr std::size_t kRankingImages = 64;
constexpr BitWidths kEightBits{8, 8};
constexpr BitWidths kFloat{kFloatBits, kFloatBits};

// Divergence per product, and the products that have one, worst first.
struct Ranking {
  std::vector<double> divergence;
  std::vector<std::size_t> order;
};

// A network that was measured.
struct Trial {
  double drop = 0;
  std::vector<BitWidths> widths;
};

bool below_eight_bits(const Product& product, const BitWidths& bits) {
  const bool weights = product.kind != ProductKind::Attention && bits.weights < kEightBits.weights;
  return weights || bits.activations < kEightBits.activations;
}

// Attention has no weights: its first width means nothing.
std::string widths_text(const Product& product, const BitWidths& bits) {
  return product.kind == ProductKind::Attention && !bits.is_float()
             ? "a" + std::to_string(bits.activations)
             : to_string(bits);
}

class Search {
 public:
  Search(const ModelGraph& graph,
         Planner& planner,
         const CalibrationData& calibration,
         PlannedWidths& planned)
      : network_(graph.network),
        planner_(planner),
        calibration_(calibration),
        planned_(planned),
        before_(planned.widths),
        answers_(graph, calibration),
        meter_(answers_.read_all(network_), answers_.labels()) {}

  SensitivityReport run() {
    report_.measure = meter_.measure();
    report_.drop_images = meter_.images();
    report_.max_drop = calibration_.options.max_drop;
    report_.ranking_images = std::min(kRankingImages, answers_.labels().size());
    const Ranking ranking = rank("sensitivity");
    best_ = measure(before_);
    report_.drop_planned = best_.drop;
    if (report_.max_drop > 0 && best_.drop > report_.max_drop) {
      search(ranking);
    }
    report_.drop = best_.drop;
    planned_.widths = best_.widths;
    const SensitivityTrial end = count_changes(best_);
    report_.raised = end.raised;
    report_.floats = end.floats;
    for (const std::size_t product : ranking.order) {
      const Product& own = planner_.products()[product];
      report_.ranking.push_back(
          {product, ranking.divergence[product], widths_text(own, before_[product]),
           widths_text(own, planned_.widths[product]), planned_.fixed[product]});
    }
    return report_;
  }

 private:
  bool is_quantized(std::size_t product) const {
    return planner_.products()[product].reason.empty() && !planned_.widths[product].is_float();
  }

  Ranking rank(const std::string& phase) {
    Ranking ranking;
    ranking.divergence.resize(planned_.widths.size());
    for (std::size_t i = 0; i < planned_.widths.size(); ++i) {
      if (is_quantized(i)) {
        ranking.order.push_back(i);
      }
    }
    std::size_t done = 0;
    show(phase, 0, ranking.order.size());
    for (const std::size_t product : ranking.order) {
      std::vector<BitWidths> widths(planned_.widths.size(), kFloat);
      widths[product] = planned_.widths[product];
      const Logits logits = answers_.read(planner_.build(widths), kRankingImages);
      ranking.divergence[product] = mean_divergence(meter_.reference(), logits);
      ++report_.evaluations;
      show(phase, ++done, ranking.order.size());
    }
    std::stable_sort(ranking.order.begin(), ranking.order.end(), [&](std::size_t a, std::size_t b) {
      return ranking.divergence[a] > ranking.divergence[b];
    });
    return ranking;
  }

  Trial measure(const std::vector<BitWidths>& widths) {
    ++report_.evaluations;
    Trial trial{meter_.drop(answers_.read_all(planner_.build(widths))), widths};
    report_.trials.push_back(count_changes(trial));
    return trial;
  }

  SensitivityTrial count_changes(const Trial& trial) const {
    SensitivityTrial counts;
    counts.drop = trial.drop;
    for (std::size_t i = 0; i < before_.size(); ++i) {
      if (!(trial.widths[i] == before_[i])) {
        ++(trial.widths[i].is_float() ? counts.floats : counts.raised);
      }
    }
    return counts;
  }

  void search(const Ranking& ranking) {
    if (climb(ranking.order, kEightBits, "search at 8 bits")) {
      return;
    }
    // At 8 bits, other layers may be the worst ones.
    const Ranking second = planned_.widths == before_ ? ranking : rank("sensitivity, 8 bits");
    report_.met = climb(second.order, kFloat, "search for float layers");
  }

  // Gives `bits` to the fewest first products of the order that will do. True: best_ meets the
  // drop. False: none will do, all of them have `bits` now, and best_ has the least drop seen.
  bool climb(const std::vector<std::size_t>& order,
             const BitWidths& bits,
             const std::string& phase) {
    std::vector<std::size_t> rungs;
    for (const std::size_t product : order) {
      const bool better = bits.is_float() ||
                          below_eight_bits(planner_.products()[product], planned_.widths[product]);
      if (!planned_.fixed[product] && better) {
        rungs.push_back(product);
      }
    }
    const auto widths_at = [&](std::size_t rung) {
      std::vector<BitWidths> widths = planned_.widths;
      for (std::size_t i = 0; i < rung; ++i) {
        widths[rungs[i]] = bits;
      }
      return widths;
    };
    std::size_t trials = 0;
    const auto holds = [&](std::size_t rung) {
      Trial trial = measure(widths_at(rung));
      show(phase, ++trials, most_trials(rungs.size()));
      const bool met = trial.drop <= report_.max_drop;
      if (met || trial.drop < best_.drop) {
        best_ = std::move(trial);
      }
      return met;
    };
    show(phase, 0, most_trials(rungs.size()));
    const bool met = find_fewest(rungs.size(), holds).has_value();
    show(phase, most_trials(rungs.size()), most_trials(rungs.size()));
    planned_.widths = widths_at(rungs.size());
    return met;
  }

  void show(const std::string& phase, std::size_t done, std::size_t total) const {
    if (calibration_.progress && total > 0) {
      calibration_.progress(phase, done, total);
    }
  }

  std::shared_ptr<ov::Model> network_;
  Planner& planner_;
  const CalibrationData& calibration_;
  PlannedWidths& planned_;
  const std::vector<BitWidths> before_;
  AnswerReader answers_;
  DropMeter meter_;
  SensitivityReport report_;
  Trial best_;
};

}  // namespace

SensitivityReport search_widths(const ModelGraph& graph,
                                Planner& planner,
                                const CalibrationData& calibration,
                                PlannedWidths& planned) {
  return Search(graph, planner, calibration, planned).run();
}

void describe_layers(const SensitivityReport& sensitivity, std::vector<QuantizedLayer>& layers) {
  for (const LayerSensitivity& found : sensitivity.ranking) {
    QuantizedLayer& layer = layers[found.layer];
    layer.divergence = found.divergence;
    if (!layer.quantized && found.kept != found.planned) {
      layer.reason = "kept float to meet the drop";
    }
  }
}

}  // namespace zoa
