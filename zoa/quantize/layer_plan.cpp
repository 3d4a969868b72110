// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/layer_plan.h"

#include <algorithm>

#include "zoa/core/parallel.h"

namespace zoa {

namespace {

constexpr int kHalfStepBits = 2;  // with more levels, zero is worth more than the finer steps

// The request, one group of output channels at a time.
class Group {
 public:
  Group(const LayerRequest& request,
        const ActivationPlan& activation,
        const MomentStatistics* moments,
        std::size_t index)
      : request_(request),
        activation_(activation),
        moments_(moments),
        index_(index),
        width_(request.shape.width),
        rows_(request.shape.rows / request.shape.groups) {
    load_weights();
    load_moments();
  }

  void plan(LayerPlan& result) {
    QuantizedWeights rounded = round();
    add_bias(rounded, result.bias);
    result.weights.codes.insert(result.weights.codes.end(), rounded.codes.begin(),
                                rounded.codes.end());
    result.weights.scales.insert(result.weights.scales.end(), rounded.scales.begin(),
                                 rounded.scales.end());
  }

 private:
  std::size_t channel(std::size_t column) const {
    return request_.shape.channel_of(index_ * rows_, column);
  }
  float scale(std::size_t column) const {
    const Equalizer& equalizer = activation_.equalizer;
    return equalizer.empty() ? 1.0F : equalizer.scale[channel(column)];
  }
  float shift(std::size_t column) const {
    const Equalizer& equalizer = activation_.equalizer;
    return equalizer.empty() ? 0.0F : equalizer.shift[channel(column)];
  }
  float exact_mean(std::size_t column) const {
    return moments_ == nullptr ? 0.0F : moments_->mean[index_ * width_ + column];
  }

  void load_weights() {
    const float* own = request_.weights.data() + index_ * rows_ * width_;
    weights_.assign(own, own + rows_ * width_);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] *= scale(i % width_);
    }
    for (std::size_t c = 0; c < width_; ++c) {
      mean_.push_back((exact_mean(c) - shift(c)) / scale(c));
      noise_.push_back(activation_.noise[channel(c)]);
    }
  }

  // Second moments of x'. With a bias to take up the mean error, round the mean; else round zero.
  void load_moments() {
    if (moments_ == nullptr) {
      importance_.assign(1, 1.0F);
      return;
    }
    const float* own = moments_->second.data() + index_ * width_ * width_;
    second_.resize(width_ * width_);
    for (std::size_t i = 0; i < width_; ++i) {
      const float a = exact_mean(i);
      for (std::size_t j = 0; j < width_; ++j) {
        const float b = exact_mean(j);
        float centred = (own[i * width_ + j] - a * b) / (scale(i) * scale(j));
        if (!request_.correct_bias) {
          centred += mean_[i] * mean_[j];
        }
        second_[i * width_ + j] = centred;
      }
      importance_.push_back(std::max(second_[i * width_ + i], 0.0F) + noise_[i] + 1e-12F);
    }
  }

  std::span<const float> row(std::size_t r) const { return {weights_.data() + r * width_, width_}; }

  std::vector<WeightGrid> find_grids(const GridRule& rule, double& error) const {
    std::vector<WeightGrid> grids(rows_);
    std::vector<double> errors(rows_);
    run_parallel(rows_, request_.threads, [&](std::size_t r) {
      grids[r] = find_grid(row(r), importance_, rule);
      errors[r] = grid_error(row(r), importance_, grids[r]);
    });
    error = 0;
    for (const double e : errors) {
      error += e;
    }
    return grids;
  }

  std::vector<WeightGrid> best_grids() const {
    GridRule rule = grid_rule(request_.bits, request_.reduced_range);
    double error = 0;
    auto grids = find_grids(rule, error);
    if (request_.bits <= kHalfStepBits) {
      rule.half_step = true;
      double other = 0;
      auto half_step = find_grids(rule, other);
      if (other < error) {
        return half_step;
      }
    }
    return grids;
  }

  QuantizedWeights round() const {
    const auto grids = best_grids();
    if (!request_.reconstruct || moments_ == nullptr) {
      return round_to_nearest(weights_, grids);
    }
    RoundingOptions options;
    options.threads = request_.threads;
    return round_weights(weights_, {width_, second_, noise_}, grids, options);
  }

  // Mean of the exact output minus mean of the quantized one: W E[x'] + W shift - Q E[q(x')].
  void add_bias(const QuantizedWeights& rounded, std::vector<float>& bias) const {
    for (std::size_t r = 0; r < rows_; ++r) {
      double change = 0;
      for (std::size_t c = 0; c < width_; ++c) {
        const auto weight = static_cast<double>(weights_[r * width_ + c]);
        const double quantized = static_cast<double>(rounded.codes[r * width_ + c]) *
                                 static_cast<double>(rounded.scales[r]);
        const auto mean = static_cast<double>(mean_[c]);
        if (moments_ != nullptr && request_.correct_bias) {
          const auto drift = static_cast<double>(activation_.drift[channel(c)]);
          change += weight * mean - quantized * (mean + drift);
        }
        change += weight * static_cast<double>(shift(c)) / static_cast<double>(scale(c));
      }
      bias.push_back(static_cast<float>(change));
    }
  }

  const LayerRequest& request_;
  const ActivationPlan& activation_;
  const MomentStatistics* moments_;
  std::size_t index_;
  std::size_t width_;
  std::size_t rows_;
  std::vector<float> weights_;     // of x'
  std::vector<float> mean_;        // of x'
  std::vector<float> noise_;       // of x'
  std::vector<float> second_;      // of x'
  std::vector<float> importance_;  // its diagonal, with the noise
};

}  // namespace

LayerPlan plan_layer(const LayerRequest& request,
                     const ActivationPlan& activation,
                     const MomentStatistics* moments) {
  LayerPlan result;
  for (std::size_t index = 0; index < request.shape.groups; ++index) {
    Group(request, activation, moments, index).plan(result);
  }
  return result;
}

}  // namespace zoa
