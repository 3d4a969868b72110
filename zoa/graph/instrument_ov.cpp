// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/instrument_ov.h"

#include <openvino/op/ops.hpp>

#include "zoa/graph/norm_rewrite_ov.h"

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
    for (const Norm& norm : structure_.norms) {
      add_norm(norm);
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

  Value add_slot(const SlotInfo& slot, const ov::Shape& shape) {
    auto parameter = std::make_shared<op::v0::Parameter>(ov::element::f32, shape);
    parameter->set_friendly_name(slot.name);
    parameter->output(0).set_names({slot.name});
    parameters_.push_back(parameter);
    result_.slots.push_back(slot);
    return parameter->output(0);
  }

  void add_norm(const Norm& norm) {
    const bool batch_norm =
        norm.kind == NormKind::BatchNorm || norm.kind == NormKind::FoldedBatchNorm;
    const bool batch = options_.batch_statistics && batch_norm;
    const bool slots = options_.norm_slots && norm.adapted;
    if (!batch && !slots) {
      return;  // stays as the file has it
    }
    const NeutralAffine neutral = neutral_affine(norm, options_.folded);
    const std::size_t channels = neutral.gamma.size();
    NormAffine affine;
    if (slots) {
      const ov::Shape shape = slot_shape(norm, channels);
      affine.gamma = add_slot(
          {norm.layer + ".gamma", norm.layer, SlotKind::NormGamma, channels, neutral.gamma}, shape);
      affine.beta = add_slot(
          {norm.layer + ".beta", norm.layer, SlotKind::NormBeta, channels, neutral.beta}, shape);
    } else {
      affine.gamma = make_constant({1, channels, 1, 1}, neutral.gamma);
      affine.beta = make_constant({1, channels, 1, 1}, neutral.beta);
    }
    moved_[norm.output] = rewrite_norm(norm, affine, batch, options_.folded);
  }

  void add_output(const Value& value, const char* name) {
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
    const NodeSet before = data_ancestors(feature, {});
    std::map<Value, Value> copies{{feature, shifted}};
    add_output(copy_head(structure_.logits, before, copies), kAnswerOutput);
  }

  Value copy_head(const Value& value, const NodeSet& before, std::map<Value, Value>& copies) {
    if (const auto found = copies.find(value); found != copies.end()) {
      return found->second;
    }
    const NodePtr node = value.get_node_shared_ptr();
    if (before.count(node.get()) != 0 || node->get_input_size() == 0) {
      return value;
    }
    ov::OutputVector inputs;
    bool changed = false;
    for (const auto& input : node->input_values()) {
      inputs.push_back(copy_head(input, before, copies));
      changed = changed || inputs.back() != input;
    }
    if (!changed) {
      return value;  // weights: shared with the first head
    }
    const NodePtr copy = node->clone_with_new_inputs(inputs);
    copy->set_friendly_name(node->get_friendly_name() + "/answer");
    Value answer = copy->output(value.get_index());
    copies[value] = answer;
    return answer;
  }

  Value tap_value(const TapPoint& tap) const {
    Value source = current(tap.source);
    switch (tap.form) {
      case TapForm::Row:
        return std::make_shared<op::v8::Gather>(
                   source, op::v0::Constant::create(ov::element::i64, {}, {0}), make_indices({1}))
            ->output(0);
      case TapForm::MeanTokens:
        return std::make_shared<op::v1::ReduceMean>(source, make_indices({1}), false)->output(0);
      case TapForm::MeanPositions:
        return std::make_shared<op::v1::ReduceMean>(source, make_indices({2, 3}), false)->output(0);
      case TapForm::Whole: break;
    }
    return source;
  }

  void add_taps() {
    ov::OutputVector values;
    std::size_t offset = 0;
    for (const TapPoint& tap : structure_.taps) {
      values.push_back(tap_value(tap));
      result_.taps.push_back({tap.name, offset, tap.width});
      offset += tap.width;
    }
    add_output(std::make_shared<op::v0::Concat>(values, 1)->output(0), kTapsOutput);
  }

  void add_stem() {
    const Value stem = structure_.stem;
    const bool map = stem.get_partial_shape().rank() == ov::Rank(4);
    const auto axes = map ? make_indices({2, 3}) : make_indices({1});
    const Value mean = std::make_shared<op::v1::ReduceMean>(stem, axes, true)->output(0);
    const Value centred = std::make_shared<op::v1::Subtract>(stem, mean)->output(0);
    const Value squares = std::make_shared<op::v1::Multiply>(centred, centred)->output(0);
    const Value variance = std::make_shared<op::v1::ReduceMean>(squares, axes, true)->output(0);
    add_output(mean, kStemMeanOutput);
    add_output(variance, kStemVarOutput);
  }

  std::shared_ptr<ov::Model> model_;
  const Structure& structure_;
  const InstrumentOptions& options_;
  std::size_t batch_;
  std::map<Value, Value> moved_;
  ov::ParameterVector parameters_;
  ov::ResultVector results_;
  Instrumented result_;
};

}  // namespace

Instrumented instrument(const std::shared_ptr<ov::Model>& model,
                        const Structure& structure,
                        const InstrumentOptions& options) {
  return Instrumenter(model, structure, options).run();
}

}  // namespace zoa
