// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/instrument_ov.h"

#include <algorithm>
#include <set>

#include <openvino/op/ops.hpp>

#include "zoa/graph/head_ov.h"
#include "zoa/graph/norm_rewrite_ov.h"
#include "zoa/graph/prompts_ov.h"
#include "zoa/graph/site_graph_ov.h"
#include "zoa/graph/sites_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

class Instrumenter {
 public:
  Instrumenter(const std::shared_ptr<ov::Model>& model,
               const Structure& structure,
               const InstrumentOptions& options)
      : model_(model),
        structure_(structure),
        options_(options),
        batch_(static_cast<std::size_t>(model->input(0).get_partial_shape()[0].get_length())) {}

  Instrumented run() {
    add_inputs();
    for (const Norm& norm : structure_.norms) {
      add_norm(norm);
    }
    if (mix_ != nullptr) {
      add_slot({"norms.mix", "norms", SlotKind::NormMix, 1, {0.0F}}, mix_);
    }
    for (const SiteRequest& request : options_.sites) {
      add_sites(request);
    }
    add_output(structure_.logits, kLogitsOutput);
    if (options_.shift_slot) {
      add_shift();
    }
    if (options_.taps) {
      add_taps();
    }
    if (options_.stem) {
      add_stem();
    }
    auto parameters = model_->get_parameters();
    parameters.insert(parameters.end(), parameters_.begin(), parameters_.end());
    result_.model = std::make_shared<ov::Model>(results_, parameters, model_->get_friendly_name());
    return std::move(result_);
  }

 private:
  // Where a value of the old graph lives now.
  Value current(const Value& value) const {
    const auto found = moved_.find(value);
    return found == moved_.end() ? value : found->second;
  }

  ov::Shape slot_shape(const Norm& norm, std::size_t channels) const {
    const auto rank = norm.output.get_partial_shape().rank().get_length();
    ov::Shape shape(static_cast<std::size_t>(rank), 1);
    shape[0] = options_.per_sample ? batch_ : 1;
    shape[norm.channels_last ? shape.size() - 1 : 1] = channels;
    return shape;
  }

  Value add_slot(const SlotInfo& slot, const std::shared_ptr<op::v0::Parameter>& parameter) {
    parameter->set_friendly_name(slot.name);
    parameter->output(0).set_names({slot.name});
    parameters_.push_back(parameter);
    result_.slots.push_back(slot);
    return parameter->output(0);
  }

  Value add_slot(const SlotInfo& slot, const ov::Shape& shape) {
    return add_slot(slot, std::make_shared<op::v0::Parameter>(ov::element::f32, shape));
  }

  // Prompts and the filter are there for all images alike.
  void add_inputs() {
    if (options_.input_filter) {
      constexpr std::size_t kSide = 7;
      const std::size_t channels = channels_of(model_->input(0), 1);
      const std::size_t size = channels * channels * kSide * kSide;
      const SlotInfo slot{"image.filter", "image", SlotKind::InputFilter, size,
                          std::vector<float>(size, 0.0F)};
      insert_input_filter(model_, add_slot(slot, {channels, channels, kSide, kSide}));
    }
    if (options_.prompts > 0) {
      const std::size_t width = channels_of(structure_.residuals.front().input, -1);
      const std::size_t size = options_.prompts * width;
      const SlotInfo slot{"prompts", "prompts", SlotKind::Prompt, size,
                          std::vector<float>(size, 0.0F)};
      insert_prompts(model_, structure_, add_slot(slot, {1, options_.prompts, width}));
    }
  }

  void add_norm(const Norm& norm) {
    const bool batch_norm =
        norm.kind == NormKind::BatchNorm || norm.kind == NormKind::FoldedBatchNorm;
    const bool batch = options_.batch_statistics && batch_norm;
    const bool given = options_.norm_statistics && batch_norm;
    const bool slots = options_.norm_slots && norm.adapted;
    if (!batch && !given && !slots) {
      return;  // stays as the file has it
    }
    const NeutralAffine neutral = neutral_affine(norm, options_.folded);
    const std::size_t channels = neutral.gamma.size();
    NormForm form;
    if (slots) {
      const ov::Shape shape = slot_shape(norm, channels);
      form.gamma = add_slot(
          {norm.layer + ".gamma", norm.layer, SlotKind::NormGamma, channels, neutral.gamma}, shape);
      form.beta = add_slot(
          {norm.layer + ".beta", norm.layer, SlotKind::NormBeta, channels, neutral.beta}, shape);
    } else {
      form.gamma = make_constant({1, channels, 1, 1}, neutral.gamma);
      form.beta = make_constant({1, channels, 1, 1}, neutral.beta);
    }
    form.batch_statistics = batch;
    if (given) {
      add_norm_statistics(norm, form);
    }
    const RewrittenNorm made = rewrite_norm(norm, form, options_.folded);
    moved_[norm.output] = made.output;
    if (made.input) {
      measured_.emplace(norm.input, *made.input);
    }
  }

  // The rows of all images share the statistics, so these slots are never per sample.
  void add_norm_statistics(const Norm& norm, NormForm& form) {
    if (mix_ == nullptr && options_.norm_mix) {
      mix_ = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::Shape{1, 1, 1, 1});
    }
    const NeutralStatistics neutral = neutral_statistics(norm, options_.folded);
    const std::size_t channels = neutral.mean.size();
    const ov::Shape shape{1, channels, 1, 1};
    form.mean = add_slot(
        {norm.layer + ".mean", norm.layer, SlotKind::NormMean, channels, neutral.mean}, shape);
    form.variance = add_slot(
        {norm.layer + ".variance", norm.layer, SlotKind::NormVariance, channels, neutral.variance},
        shape);
    if (mix_ != nullptr) {
      form.mix = mix_->output(0);
    }
  }

  // Of norms that have slots those alone are measured: before the first slot nothing can be
  // corrected.
  bool is_wanted(const SitePoint& point) const {
    return point.info.kind != SiteKind::Normalised || !options_.norm_slots ||
           std::any_of(result_.slots.begin(), result_.slots.end(), [&](const SlotInfo& slot) {
             return slot.kind == SlotKind::NormGamma &&
                    slot.layer + kNormalisedSuffix == point.info.name;
           });
  }

  void add_sites(const SiteRequest& request) {
    const auto points = find_sites(model_, structure_, request,
                                   [this](const Value& value) { return current(value); });
    for (const SitePoint& point : points) {
      if (is_wanted(point)) {
        add_site(point, request.covariance);
      }
    }
  }

  // What a norm takes of its input is not taken again.
  ValueMoments measure_site(const SiteInfo& info, const Value& value, bool covariance) const {
    if (info.spread || !info.variance) {
      return measure_images(value, info.variance);
    }
    const auto known = covariance ? measured_.end() : measured_.find(value);
    return known != measured_.end() ? known->second
                                    : measure_value(value, covariance ? info.group : 0);
  }

  void add_site(const SitePoint& point, bool covariance) {
    SiteInfo info = point.info;
    info.offset = site_width_;
    const auto readers = point.readers.empty() ? point.value.get_target_inputs()
                                               : std::set<ov::Input<ov::Node>>(
                                                     point.readers.begin(), point.readers.end());
    const Value measured = pooled(point.value, point.token);
    const ValueMoments moments = measure_site(info, measured, covariance);
    const std::string number = std::to_string(result_.sites.size());
    add_output(moments.mean, kSiteMeanOutput + number);
    if (moments.variance.get_node() != nullptr) {
      add_output(moments.variance, kSiteVarianceOutput + number);
    }
    if (covariance) {
      add_output(moments.covariance, kSiteCovarianceOutput + number);
      info.covariance = site_covariances_;
      site_covariances_ += info.channels * info.group;
    }
    site_width_ += info.channels;
    result_.sites.push_back(info);
    if (info.form != SiteForm::Measured) {
      const Value corrected = add_correction(point.value, info);
      for (auto reader : readers) {
        reader.replace_source_output(corrected);
      }
      if (point.readers.empty()) {
        moved_[point.value] = corrected;  // a layer's own input is nobody else's
      }
    }
  }

  Value add_correction(const Value& value, const SiteInfo& site) {
    const std::size_t channels = site.channels;
    const ov::Shape shape = channel_shape(value, channels);
    const auto add_offset = [&] {
      return add_slot({site.name + ".offset", site.name, SlotKind::SiteOffset, channels,
                       std::vector<float>(channels, 0.0F)},
                      shape);
    };
    if (site.form == SiteForm::Diagonal) {
      const Value scale = add_slot({site.name + ".scale", site.name, SlotKind::SiteScale, channels,
                                    std::vector<float>(channels, 1.0F)},
                                   shape);
      return correct_diagonal(value, scale, add_offset());
    }
    std::vector<float> identity(channels * site.group, 0.0F);
    for (std::size_t c = 0; c < channels; ++c) {
      identity[c * site.group + c % site.group] = 1.0F;
    }
    const Value matrix = add_slot(
        {site.name + ".matrix", site.name, SlotKind::SiteMatrix, identity.size(), identity},
        {channels / site.group, site.group, site.group});
    return correct_matrix(value, matrix, add_offset());
  }

  void add_output(const Value& value, const std::string& name) {
    auto result = std::make_shared<op::v0::Result>(value);
    result->set_friendly_name(name);
    value.get_tensor().add_names({name});
    results_.push_back(result);
  }

  // The head once more on feature + shift: the answer. The loss reads the head without it.
  void add_shift() {
    const Value feature = current(structure_.feature);
    const std::size_t width = channels_of(feature, -1);
    const SlotInfo slot{"feature.shift", "head", SlotKind::FeatureShift, width,
                        std::vector<float>(width, 0.0F)};
    const Value shift = add_slot(slot, {options_.per_sample ? batch_ : 1, width});
    const Value shifted = std::make_shared<op::v1::Add>(feature, shift)->output(0);
    add_output(copy_head(structure_.logits, feature, shifted), kAnswerOutput);
  }

  // One row per image.
  static Value pooled(const Value& source, TapForm form) {
    switch (form) {
      case TapForm::Row:
        return std::make_shared<op::v8::Gather>(
                   source, op::v0::Constant::create(ov::element::i64, {}, {0}), make_indices({1}))
            ->output(0);
      case TapForm::MeanTokens:
        return std::make_shared<op::v1::ReduceMean>(source, make_indices({1}), false)->output(0);
      case TapForm::MeanPositions:
        return std::make_shared<op::v0::Squeeze>(mean_of_positions(source), make_indices({2, 3}))
            ->output(0);
      case TapForm::Whole: break;
    }
    return source;
  }

  void add_taps() {
    ov::OutputVector values;
    std::size_t offset = 0;
    for (const TapPoint& tap : structure_.taps) {
      values.push_back(pooled(current(tap.source), tap.form));
      result_.taps.push_back({tap.name, offset, tap.width});
      offset += tap.width;
    }
    add_output(std::make_shared<op::v0::Concat>(values, 1)->output(0), kTapsOutput);
  }

  void add_stem() {
    const Value stem = structure_.stem;
    const Value mean = mean_of_images(stem);
    const Value centred = std::make_shared<op::v1::Subtract>(stem, mean)->output(0);
    const Value variance =
        mean_of_images(std::make_shared<op::v1::Multiply>(centred, centred)->output(0));
    add_output(mean, kStemMeanOutput);
    add_output(variance, kStemVarOutput);
  }

  std::shared_ptr<ov::Model> model_;
  const Structure& structure_;
  const InstrumentOptions& options_;
  std::size_t batch_;
  std::map<Value, Value> moved_;
  std::map<Value, ValueMoments> measured_;  // what norms take of their inputs anyway
  ov::ParameterVector parameters_;
  ov::ResultVector results_;
  std::shared_ptr<op::v0::Parameter> mix_;
  std::size_t site_width_ = 0;
  std::size_t site_covariances_ = 0;
  Instrumented result_;
};

}  // namespace

Instrumented instrument(const std::shared_ptr<ov::Model>& model,
                        const Structure& structure,
                        const InstrumentOptions& options) {
  return Instrumenter(model, structure, options).run();
}

}  // namespace zoa
