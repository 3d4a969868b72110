// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/linear_tca.h"

#include <cmath>
#include <string>
#include <utility>

#include "zoa/methods/class_buffers.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/running_covariance.h"
#include "zoa/methods/staged.h"
#include "zoa/methods/symmetric.h"

namespace zoa {
namespace {

struct TcaState {
  ClassBuffers surest;       // the pseudo-source
  RunningCovariance target;  // of all features seen

  void save(StateWriter& writer, const std::string& prefix) const {
    surest.save(writer, prefix);
    target.save(writer, prefix + ".target");
  }
  void load(const StateReader& reader, const std::string& prefix) {
    surest.load(reader, prefix);
    target.load(reader, prefix + ".target");
  }
};

std::vector<double> identity(std::size_t width) {
  std::vector<double> matrix(width * width, 0.0);
  for (std::size_t i = 0; i < width; ++i) {
    matrix[i * width + i] = 1;
  }
  return matrix;
}

std::vector<double> transposed(std::span<const double> matrix, std::size_t width) {
  std::vector<double> result(matrix.size());
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    result[i % width * width + i / width] = matrix[i];
  }
  return result;
}

std::vector<double> with_ridge(std::span<const double> matrix, std::size_t width, double ridge) {
  std::vector<double> result(matrix.begin(), matrix.end());
  for (std::size_t i = 0; i < width; ++i) {
    result[i * width + i] += ridge;
  }
  return result;
}

// Adam with its usual 0.9, 0.999 and 1e-8, as the published code has it.
class Adam {
 public:
  Adam(double lr, std::size_t size) : lr_(lr), first_(size, 0.0), second_(size, 0.0) {}

  void step(std::span<const double> gradient, std::span<double> values) {
    fade1_ *= kBeta1;
    fade2_ *= kBeta2;
    for (std::size_t i = 0; i < values.size(); ++i) {
      first_[i] = kBeta1 * first_[i] + (1 - kBeta1) * gradient[i];
      second_[i] = kBeta2 * second_[i] + (1 - kBeta2) * gradient[i] * gradient[i];
      const double deviation = std::sqrt(second_[i] / (1 - fade2_));
      values[i] -= lr_ * (first_[i] / (1 - fade1_)) / (deviation + 1e-8);
    }
  }

 private:
  static constexpr double kBeta1 = 0.9;
  static constexpr double kBeta2 = 0.999;

  double lr_;
  double fade1_ = 1;
  double fade2_ = 1;
  std::vector<double> first_;
  std::vector<double> second_;
};

// Gradient 4 C_T W (W' C_T W - C_S).
std::vector<double> descend(const LinearTcaOptions& options,
                            std::span<const double> target,
                            std::span<const double> source,
                            std::size_t width) {
  std::vector<double> map = identity(width);
  Adam adam(options.adam_lr, map.size());
  for (std::int64_t step = 0; step < options.adam_steps; ++step) {
    const std::vector<double> mapped = multiply_square(target, map, width);
    std::vector<double> difference = multiply_square(transposed(map, width), mapped, width);
    for (std::size_t i = 0; i < difference.size(); ++i) {
      difference[i] = 4 * (difference[i] - source[i]);
    }
    adam.step(multiply_square(mapped, difference, width), map);
  }
  return map;
}

class LinearTca : public StagedMethod<TcaState> {
 public:
  LinearTca(const LinearTcaOptions& options, const ModelInfo& model)
      : StagedMethod(
            linear_tca_info(options, model),
            list_options(options),
            {ClassBuffers(
                 model.classes, model.taps.back().width, static_cast<std::size_t>(options.filter)),
             RunningCovariance(model.taps.back().width)}),
        options_(options),
        model_(model) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const PassOutput output = forward.pass(SlotValues(model_.slots.size()));
    const std::vector<float> features = last_features(model_, output);
    TcaState next = state();
    const bool learns = all_finite(features) && all_finite(output.logits);
    if (learns) {
      next.surest.add(features, output.logits);
      next.target.observe(features);
    }
    StepResult result =
        make_result(forward.run_head(align(next, features)), output.logits, model_.classes);
    if (learns) {
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  std::vector<float> align(const TcaState& state, const std::vector<float>& features) const {
    if (state.target.count() == 0) {
      return features;
    }
    const std::size_t width = state.target.width();
    RunningCovariance source(width);
    source.observe(state.surest.features());
    const std::vector<double> map =
        compute_alignment(options_, state.target.covariance(), source.covariance(), width);
    std::vector<float> aligned(features.size());
    std::vector<double> row(width);
    for (std::size_t first = 0; first < features.size(); first += width) {
      row = source.mean();
      for (std::size_t a = 0; a < width; ++a) {
        const double value = static_cast<double>(features[first + a]) - state.target.mean()[a];
        for (std::size_t b = 0; b < width; ++b) {
          row[b] += value * map[a * width + b];
        }
      }
      for (std::size_t b = 0; b < width; ++b) {
        aligned[first + b] = static_cast<float>(row[b]);
      }
    }
    return aligned;
  }

  LinearTcaOptions options_;
  ModelInfo model_;
};

}  // namespace

std::vector<double> compute_alignment(const LinearTcaOptions& options,
                                      std::span<const double> target,
                                      std::span<const double> source,
                                      std::size_t width) {
  double variance = 0;
  for (std::size_t i = 0; i < width; ++i) {
    variance += target[i * width + i] / static_cast<double>(width);
  }
  const double ridge = options.ridge * variance;
  if (!std::isnormal(ridge)) {
    return identity(width);
  }
  if (options.adam_steps > 0) {
    return descend(options, target, source, width);
  }
  return multiply_square(symmetric_power(with_ridge(target, width, ridge), width, -0.5, ridge),
                         symmetric_power(with_ridge(source, width, ridge), width, 0.5, ridge),
                         width);
}

LinearTcaOptions default_linear_tca_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo linear_tca_info(const LinearTcaOptions& /*options*/, const ModelInfo& /*model*/) {
  MethodInfo info;
  info.name = "lineartca";
  info.title = "features mapped to the correlations of the surest samples, one pass per batch";
  info.paper = "Test-time Correlation Alignment, ICML 2025, arXiv 2505.00533";
  info.needs_taps = true;
  info.needs_head = true;
  return info;
}

std::unique_ptr<Method> make_linear_tca(const LinearTcaOptions& options,
                                        std::uint64_t /*seed*/,
                                        const ModelInfo& model,
                                        const SourceStats& /*stats*/) {
  check_features(model);
  return std::make_unique<LinearTca>(options, model);
}

}  // namespace zoa
