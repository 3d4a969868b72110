// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pea.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/loss.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/pea_block.h"
#include "zoa/methods/site_slots.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

// A block whose output is corrected: its place among sites, slots and covariances.
struct PeaPlace {
  SiteInfo output;
  std::optional<SiteInfo> token;  // for the score
  SiteSlots slots;
  PeaSource source;
};

using PeaPlaces = std::vector<PeaPlace>;

struct PeaState {
  std::shared_ptr<const PeaPlaces> places;  // never change
  std::vector<PeaBlock> blocks;             // one a place
  std::uint64_t step = 0;                   // batches taken in
  std::optional<double> entropy;            // smoothed

  void save(StateWriter& writer, const std::string& prefix) const {
    writer.put_i64(prefix + ".step", std::vector<std::int64_t>{static_cast<std::int64_t>(step)});
    writer.put_f64(prefix + ".entropy",
                   entropy ? std::vector<double>{*entropy} : std::vector<double>{});
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      blocks[i].save(writer, prefix + "." + (*places)[i].output.name);
    }
  }

  void load(const StateReader& reader, const std::string& prefix) {
    const std::vector<std::int64_t> steps = reader.get_i64(prefix + ".step");
    const std::vector<double> entropies = reader.get_f64(prefix + ".entropy");
    if (steps.size() != 1 || steps[0] < 0 || entropies.size() > 1 || !all_finite(entropies)) {
      fail(ErrorCode::BadFile, "state has counters of pea that cannot be");
    }
    step = static_cast<std::uint64_t>(steps[0]);
    entropy = entropies.empty() ? std::nullopt : std::optional<double>(entropies[0]);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const PeaPlace& place = (*places)[i];
      blocks[i].load(reader, prefix + "." + place.output.name, place.output.channels,
                     place.source.root.size());
    }
  }
};

// Copies of what a pass measured.
struct Measured {
  std::vector<float> mean;
  std::vector<float> variance;
  std::vector<float> covariance;
};

Measured copy_sites(const PassOutput& output) {
  return {{output.site_mean.begin(), output.site_mean.end()},
          {output.site_variance.begin(), output.site_variance.end()},
          {output.site_covariance.begin(), output.site_covariance.end()}};
}

bool is_finite(const Measured& sites) {
  return all_finite(sites.mean) && all_finite(sites.variance) && all_finite(sites.covariance);
}

BlockStats stats_at(const SiteInfo& site, const Measured& sites) {
  const auto part = [](const std::vector<float>& values, std::size_t first, std::size_t size) {
    const auto span = std::span(values).subspan(first, size);
    return std::vector<float>(span.begin(), span.end());
  };
  BlockStats stats{part(sites.mean, site.offset, site.channels), {}};
  stats.covariance = site.covariance
                         ? part(sites.covariance, *site.covariance, site.channels * site.group)
                         : part(sites.variance, site.offset, site.channels);
  return stats;
}

double distance(std::span<const float> a, std::span<const float> b, double factor_a) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = factor_a * static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

std::optional<SiteInfo> find_token(const ModelInfo& model, const SiteInfo& output) {
  for (const SiteInfo& site : model.sites) {
    if (site.kind == SiteKind::BlockToken && site.block == output.block) {
      return site;
    }
  }
  return std::nullopt;
}

PeaState first_state(const PeaOptions& options, const ModelInfo& model, const SourceStats& stats) {
  const bool diagonal = parse_pea_form(options) == PeaForm::Diagonal;
  const Measured source{stats.site_mean, stats.site_variance, stats.site_covariance};
  PeaPlaces places;
  for (const SiteInfo& site : model.sites) {
    if (site.kind == SiteKind::BlockOutput) {
      places.push_back({site, find_token(model, site), find_site_slots(model, site),
                        make_pea_source(stats_at(site, source), diagonal ? 1 : site.group)});
    }
  }
  if (places.empty()) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no blocks to correct");
  }
  const std::size_t count = places.size();
  return {std::make_shared<const PeaPlaces>(std::move(places)), std::vector<PeaBlock>(count), 0,
          std::nullopt};
}

class Pea : public StagedMethod<PeaState> {
 public:
  Pea(const PeaOptions& options, const ModelInfo& model, const SourceStats& stats)
      : StagedMethod(
            pea_info(options, model), list_options(options), first_state(options, model, stats)),
        options_(options),
        form_(parse_pea_form(options)),
        model_(model),
        stats_(stats) {}

  StepResult step(const Batch& batch, Forward& forward) override;

 private:
  const PeaPlaces& places() const { return *state().places; }

  double score_of(const PeaPlace& place, const Measured& sites, std::size_t images) const;
  PassOutput run_corrected(Forward& forward,
                           const std::vector<double>& weights,
                           const Measured& plain,
                           PeaState& next);
  void take_in(const std::vector<double>& weights, const Measured& sites, PeaState& next) const;
  bool smooth_entropy(double entropy, PeaState& next) const;

  PeaOptions options_;
  PeaForm form_;
  ModelInfo model_;
  SourceStats stats_;
  std::vector<PeaCorrection> corrections_;  // of the present pass
};

double Pea::score_of(const PeaPlace& place, const Measured& sites, std::size_t images) const {
  const SiteInfo& measured = place.token ? *place.token : place.output;
  const SiteInfo& source = parse_pea_score(options_) == PeaScore::Mixed ? place.output : measured;
  const auto part = [](const std::vector<float>& values, const SiteInfo& site) {
    return std::span(values).subspan(site.offset, site.channels);
  };
  const double rows = static_cast<double>(images * measured.positions);
  const double unbiased = rows > 1 ? rows / (rows - 1) : 1;
  return distance(part(sites.mean, measured), part(stats_.site_mean, source), 1) +
         distance(part(sites.variance, measured), part(stats_.site_variance, source), unbiased);
}

PassOutput Pea::run_corrected(Forward& forward,
                              const std::vector<double>& weights,
                              const Measured& plain,
                              PeaState& next) {
  SlotValues slots(model_.slots.size());
  corrections_.assign(places().size(), {});
  for (std::size_t i = 0; i < places().size(); ++i) {
    if (weights[i] < options_.skip) {
      continue;
    }
    const PeaPlace& place = places()[i];
    // Differs: slots are fixed before a pass, so a batch is corrected by the statistics before it;
    // a block that has none takes those of the plain pass.
    PeaBlock first;
    PeaBlock& block = next.blocks[i].is_new() ? first : next.blocks[i];
    if (block.is_new()) {
      block.stats = stats_at(place.output, plain);
    }
    if (!block.matrix) {
      block.matrix = compute_pea_matrix(place.source, block.stats);
    }
    corrections_[i] =
        compute_pea_correction(place.source, block.stats.mean, *block.matrix, weights[i]);
    slots[place.slots.factor] = corrections_[i].matrix;
    slots[place.slots.offset] = corrections_[i].offset;
  }
  return forward.pass(slots);
}

void Pea::take_in(const std::vector<double>& weights, const Measured& sites, PeaState& next) const {
  const PeaTracking tracking{options_.momentum, options_.jump, options_.jump_share};
  const std::uint64_t every =
      form_ == PeaForm::Full ? static_cast<std::uint64_t>(options_.update_every) : 1;
  for (std::size_t i = 0; i < places().size(); ++i) {
    if (weights[i] >= options_.skip) {
      next.blocks[i].observe(stats_at(places()[i].output, sites), tracking);
    }
    // The blocks take turns, so that a batch does not pay for all roots.
    if ((next.step + i) % every == 0) {
      next.blocks[i].matrix = nullptr;
    }
  }
  ++next.step;
}

bool Pea::smooth_entropy(double entropy, PeaState& next) const {
  const bool jumped = next.entropy && entropy > *next.entropy + options_.entropy_jump;
  if (jumped) {
    next = {next.places, std::vector<PeaBlock>(next.blocks.size()), next.step, std::nullopt};
  }
  const double share = next.entropy ? options_.jump_share : 1;
  next.entropy = share * entropy + (1 - share) * next.entropy.value_or(0);
  return jumped;
}

StepResult Pea::step(const Batch& batch, Forward& forward) {
  begin(batch, forward);
  const PassOutput first = forward.pass(SlotValues(model_.slots.size()));
  const Measured plain = copy_sites(first);
  StepResult result = make_result(first.answer, first.logits, model_.classes);
  if (!is_finite(plain)) {
    return result;  // no telling what the blocks give: the answer of the plain pass
  }
  std::vector<double> scores;
  scores.reserve(places().size());
  for (const PeaPlace& place : places()) {
    scores.push_back(score_of(place, plain, batch.count));
  }
  const std::vector<double> weights = compute_pea_weights(scores);

  PeaState next = state();
  const PassOutput second = run_corrected(forward, weights, plain, next);
  const Measured corrected = copy_sites(second);
  if (!is_finite(corrected) || !all_finite(second.answer)) {
    return result;
  }
  result = make_result(second.answer, second.logits, model_.classes);
  take_in(weights, corrected, next);
  result.domain_changed = smooth_entropy(result.entropy, next);
  if (std::isfinite(result.entropy)) {
    stage(std::move(next), result);
  }
  return result;
}

}  // namespace

std::vector<double> compute_pea_weights(const std::vector<double>& scores) {
  const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  std::vector<double> weights(scores.size());
  for (std::size_t i = 0; i < scores.size() && *most > *least; ++i) {
    weights[i] = (scores[i] - *least) / (*most - *least);
  }
  return weights;
}

MethodInfo pea_info(const PeaOptions& options, const ModelInfo& /*model*/) {
  const PeaForm form = parse_pea_form(options);
  MethodInfo info;
  info.name = "pea";
  info.title = "outputs of blocks moved to clean mean and covariance, two passes per batch";
  info.paper =
      "PEA: Architecture-Agnostic Test-Time Adaptation via Backprop-Free Embedding Alignment, "
      "ICLR 2026";
  info.most_passes = 2;
  info.slots = {form == PeaForm::Diagonal ? SlotKind::SiteScale : SlotKind::SiteMatrix,
                SlotKind::SiteOffset};
  if (parse_pea_score(options) != PeaScore::All) {
    SiteRequest token;
    token.kind = SiteKind::BlockToken;
    info.sites.push_back(token);
  }
  SiteRequest output;
  output.kind = SiteKind::BlockOutput;
  output.form = form == PeaForm::Diagonal ? SiteForm::Diagonal : SiteForm::Matrix;
  output.covariance = form != PeaForm::Diagonal;
  output.group = form == PeaForm::Grouped ? static_cast<std::size_t>(options.group) : 0;
  info.sites.push_back(output);
  return info;
}

std::unique_ptr<Method> make_pea(const PeaOptions& options,
                                 std::uint64_t /*seed*/,
                                 const ModelInfo& model,
                                 const SourceStats& stats) {
  check_options(options);
  if (model.classes == 0) {
    fail(ErrorCode::UnsupportedModel, "model '", model.name, "' has no classes");
  }
  check_site_stats(model, stats);
  return std::make_unique<Pea>(options, model, stats);
}

}  // namespace zoa
