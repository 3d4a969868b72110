// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/norm_rewrite_ov.h"

#include <cmath>

#include <openvino/op/ops.hpp>

#include "zoa/core/error.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;
namespace op = ov::op;

constexpr float kFoldedEps = 1e-5F;  // BatchNorm's usual epsilon, relative to the folded variance
constexpr float kLeastVariance = 1e-12F;  // a channel that is constant on source data

const ChannelStats& folded_stats(const Norm& norm, const FoldedStats& folded) {
  const auto found = folded.find(norm.graph_name);
  if (found == folded.end()) {
    fail(ErrorCode::InvalidArgument, "norm '", norm.layer,
         "' is folded into its convolution and has no source statistics; quantize the model with "
         "zoa "
         "so that they are collected");
  }
  return found->second;
}

// What BatchNorm's statistics are: constants of the source, in the shape (1, C, 1, 1).
struct BatchNormConstants {
  std::vector<float> mean;
  std::vector<float> variance;
  std::vector<float> eps;
};

BatchNormConstants batch_norm_constants(const Norm& norm, const FoldedStats& folded) {
  if (norm.kind == NormKind::BatchNorm) {
    const auto& node = static_cast<const op::v5::BatchNormInference&>(*norm.normalize);
    const auto mean = constant_values(node.input_value(3));
    const auto variance = constant_values(node.input_value(4));
    if (!mean || !variance) {
      fail(ErrorCode::UnsupportedModel, describe(node),
           ": its running statistics are not constants");
    }
    return {*mean, *variance, {static_cast<float>(node.get_eps_value())}};
  }
  const ChannelStats& stats = folded_stats(norm, folded);
  BatchNormConstants constants{stats.mean, {}, {}};
  for (const float std : stats.std) {
    constants.variance.push_back(std * std);
    constants.eps.push_back(kFoldedEps * std * std + kLeastVariance);
  }
  return constants;
}

// Numbers per channel are computed as rows (.., C) and reshaped at the end: as (.., C, 1, 1) all
// along, the runtime would compute them anew for each element of the map they are applied to.
Value per_channel(const std::vector<float>& values) {
  return make_constant({1, values.size()}, values)->output(0);
}

Value to_rows(const Value& value) {
  const ov::Shape& shape = value.get_shape();
  return reshape(value, {shape[0], shape[1]});
}

Value to_map(const Value& rows) {
  const ov::Shape& shape = rows.get_shape();
  return reshape(rows, {shape[0], shape[1], 1, 1});
}

Value multiply(const Value& a, const Value& b) {
  return std::make_shared<op::v1::Multiply>(a, b)->output(0);
}

Value add(const Value& a, const Value& b) {
  return std::make_shared<op::v1::Add>(a, b)->output(0);
}

Value subtract(const Value& a, const Value& b) {
  return std::make_shared<op::v1::Subtract>(a, b)->output(0);
}

Value mean_over_batch(const Value& x) {
  return to_rows(std::make_shared<op::v1::ReduceMean>(mean_of_positions(x), make_indices({0}), true)
                     ->output(0));
}

Value apply(const Value& x, const Value& scale, const Value& offset) {
  return add(multiply(x, to_map(scale)), to_map(offset));
}

// gamma / sqrt(variance + eps)
Value scale_of(const Value& gamma, const Value& variance, const std::vector<float>& eps) {
  const Value root = std::make_shared<op::v0::Sqrt>(add(variance, per_channel(eps)))->output(0);
  return std::make_shared<op::v1::Divide>(gamma, root)->output(0);
}

// What a BatchNorm reads, moved by its source mean (which the convolution takes in as its bias),
// and the batch's moments of that.
struct Moments {
  Value moved;
  Value mean;  // rows
  Value variance;
};

// The source mean is near the batch's, so that little cancels in E[x^2] - E[x]^2.
Moments measure(const Value& x, const BatchNormConstants& constants) {
  Moments moments;
  moments.moved = subtract(x, to_map(per_channel(constants.mean)));
  moments.mean = mean_over_batch(moments.moved);
  const Value squares = mean_over_batch(multiply(moments.moved, moments.moved));
  const Value variance = subtract(squares, multiply(moments.mean, moments.mean));
  moments.variance = std::make_shared<op::v0::Relu>(variance)->output(0);
  return moments;
}

// (moved - mean) * scale + beta
Value normalised(const Value& moved, const Value& mean, const Value& scale, const Value& beta) {
  return apply(moved, scale, subtract(beta, multiply(mean, scale)));
}

Value batch_form(const Moments& batch, const NormForm& form, const BatchNormConstants& constants) {
  return normalised(batch.moved, batch.mean, scale_of(form.gamma, batch.variance, constants.eps),
                    form.beta);
}

Value source_form(const Value& x, const NormForm& form, const BatchNormConstants& constants) {
  std::vector<float> inverse(constants.variance.size());
  for (std::size_t c = 0; c < inverse.size(); ++c) {
    const float eps = constants.eps.size() == 1 ? constants.eps[0] : constants.eps[c];
    inverse[c] = 1.0F / std::sqrt(constants.variance[c] + eps);
  }
  const Value scale = multiply(form.gamma, per_channel(inverse));
  return apply(x, scale, subtract(form.beta, multiply(scale, per_channel(constants.mean))));
}

// (1 - mix) * given + mix * of_batch
Value mixed(const Value& given, const Value& of_batch, const Value& mix) {
  const Value rest = subtract(make_constant({1, 1}, {1.0F})->output(0), mix);
  return add(multiply(given, rest), multiply(of_batch, mix));
}

// Statistics of earlier batches alone: nothing is measured.
Value lagged_form(const Value& x, const NormForm& form, const BatchNormConstants& constants) {
  const Value scale = scale_of(form.gamma, form.variance, constants.eps);
  return apply(x, scale, subtract(form.beta, multiply(scale, form.mean)));
}

Value given_form(const Moments& batch, const NormForm& form, const BatchNormConstants& constants) {
  const Value given = subtract(form.mean, per_channel(constants.mean));
  const Value mean = mixed(given, batch.mean, form.mix);
  const Value variance = mixed(form.variance, batch.variance, form.mix);
  return normalised(batch.moved, mean, scale_of(form.gamma, variance, constants.eps), form.beta);
}

// The group norm without its affine.
Value plain_group_norm(const Norm& norm) {
  if (!is_op(*norm.normalize, "GroupNormalization")) {
    return norm.normalize->output(0);
  }
  const std::size_t channels = norm.gamma.size();
  auto inputs = norm.normalize->input_values();
  inputs[1] = make_constant({channels}, std::vector<float>(channels, 1.0F));
  inputs[2] = make_constant({channels}, std::vector<float>(channels, 0.0F));
  return norm.normalize->clone_with_new_inputs(inputs)->output(0);
}

// Of x itself, as a site gives them.
ValueMoments moments_of(const Moments& batch, const BatchNormConstants& constants) {
  return {add(batch.mean, per_channel(constants.mean)), batch.variance, {}};
}

// Slots and constants (.., C, 1, 1) as rows.
NormForm as_rows(NormForm form) {
  for (Value* value : {&form.gamma, &form.beta, &form.mean, &form.variance, &form.mix}) {
    if (value->get_node() != nullptr) {
      *value = to_rows(*value);
    }
  }
  return form;
}

RewrittenNorm new_batch_norm(const Norm& norm, const NormForm& slots, const FoldedStats& folded) {
  const NormForm form = as_rows(slots);
  const BatchNormConstants constants = batch_norm_constants(norm, folded);
  const bool given = form.mean.get_node() != nullptr;
  const bool blends = form.mix.get_node() != nullptr;
  if (given && !blends) {
    return {lagged_form(norm.input, form, constants), std::nullopt};
  }
  if (!given && !form.batch_statistics) {
    return {source_form(norm.input, form, constants), std::nullopt};
  }
  const Moments batch = measure(norm.input, constants);
  return {blends ? given_form(batch, form, constants) : batch_form(batch, form, constants),
          moments_of(batch, constants)};
}

RewrittenNorm new_norm(const Norm& norm, const NormForm& form, const FoldedStats& folded) {
  switch (norm.kind) {
    case NormKind::LayerNorm:
      return {add(multiply(norm.normalize->output(0), form.gamma), form.beta), std::nullopt};
    case NormKind::GroupNorm:
      return {add(multiply(plain_group_norm(norm), form.gamma), form.beta), std::nullopt};
    case NormKind::BatchNorm:
    case NormKind::FoldedBatchNorm: break;
  }
  return new_batch_norm(norm, form, folded);
}

}  // namespace

Value normalised_value(const Norm& norm) {
  return norm.kind == NormKind::GroupNorm ? plain_group_norm(norm) : norm.normalize->output(0);
}

NeutralAffine neutral_affine(const Norm& norm, const FoldedStats& folded) {
  if (norm.kind != NormKind::FoldedBatchNorm) {
    return {norm.gamma, norm.beta};
  }
  const ChannelStats& stats = folded_stats(norm, folded);
  return {stats.std, stats.mean};
}

NeutralStatistics neutral_statistics(const Norm& norm, const FoldedStats& folded) {
  BatchNormConstants constants = batch_norm_constants(norm, folded);
  return {std::move(constants.mean), std::move(constants.variance)};
}

RewrittenNorm rewrite_norm(const Norm& norm, const NormForm& form, const FoldedStats& folded) {
  const auto readers = norm.output.get_target_inputs();  // before the new nodes read it as well
  RewrittenNorm made = new_norm(norm, form, folded);
  for (auto reader : readers) {
    reader.replace_source_output(made.output);
  }
  made.output.get_node()->set_friendly_name(norm.layer);
  return made;
}

}  // namespace zoa
