// SPDX-License-Identifier: Apache-2.0
// Small pieces that most methods need: checks of batch and model, the last feature, slots by kind,
// the version in a state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "zoa/methods/method.h"

namespace zoa {

/// Throws  InvalidArgument for a batch without images.
void check_batch(const Batch& batch);

/// Throws  UnsupportedModel for a model without classes or without the feature that its head reads.
void check_features(const ModelInfo& model);

/// A result with this answer (B, K); loss and entropy are the mean entropy of `logits` (B, K).
StepResult make_result(std::span<const float> answer,
                       std::span<const float> logits,
                       std::size_t classes);

/// The last tap of every image: what the head reads, (B, D).
std::vector<float> last_features(const ModelInfo& model, const PassOutput& output);

/// Mean over the batch of the last tap on clean data, (D).
/// Throws  StateMismatch if the statistics are not those of this model.
std::vector<float> source_feature_mean(const ModelInfo& model, const SourceStats& stats);

/// Variance of its values, unbiased.
std::vector<float> source_feature_variance(const ModelInfo& model, const SourceStats& stats);

/// Indices in ModelInfo::slots of the slots of a kind, in their order.
std::vector<std::size_t> find_slots(const ModelInfo& model, SlotKind kind);

/// The one slot of a kind.
/// Throws  UnsupportedModel if there is none, or more than one.
std::size_t find_slot(const ModelInfo& model, SlotKind kind);

/// Range of the uniform distribution that prompt tokens start from: sqrt(6 / (3 * 16 * 16 + D)).
/// 0.0625 where the model has no taps. Source  FOA and FOZO code, for patches of 16 x 16 pixels in
/// colour, which we take for every network.
double prompt_range(const ModelInfo& model);

std::vector<float> to_floats(std::span<const double> values);

bool all_finite(std::span<const float> values);
bool all_finite(std::span<const double> values);
bool any_negative(std::span<const double> values);

/// Euclidean norm, summed in double.
double norm_of(std::span<const float> values);
double norm_of(std::span<const double> values);

/// Writes and checks "METHOD.version".
/// Throws  StateMismatch if the state is of another method or version.
void save_version(StateWriter& writer, const std::string& method, std::int64_t version);
void check_version(const StateReader& reader, const std::string& method, std::int64_t version);

}  // namespace zoa
