// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/t3a.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "zoa/core/error.h"
#include "zoa/methods/parts.h"
#include "zoa/methods/staged.h"

namespace zoa {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

// 1 / length, as PyTorch's normalize() has it: finite for a vector of zeros.
double inverse_length(double squares) {
  return 1 / std::max(std::sqrt(squares), 1e-12);
}

// What the head says to its own rows. Differs: in float, with the network's own bias; the quantizer
// in front of a quantized head is made for features, and rows are far smaller.
std::vector<float> head_row_logits(const ModelInfo& model, Forward& forward, std::size_t images) {
  const std::size_t width = model.taps.back().width;
  const std::vector<float> zeros(images * width, 0.0F);
  const std::span<const float> bias = forward.run_head(zeros).first(model.classes);
  const std::span<const float> rows(model.head_weight);
  const std::size_t classes = model.classes;
  std::vector<float> logits(classes * classes);
  for (std::size_t a = 0; a < classes; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      const double product = dot(rows.subspan(a * width, width), rows.subspan(b * width, width));
      logits[a * classes + b] = static_cast<float>(product + static_cast<double>(bias[b]));
      logits[b * classes + a] = static_cast<float>(product + static_cast<double>(bias[a]));
    }
  }
  return logits;
}

class T3a : public StagedMethod<ClassBuffers> {
 public:
  T3a(const T3aOptions& options, const ModelInfo& model)
      : StagedMethod(
            t3a_info(options, model),
            list_options(options),
            {model.classes, model.taps.back().width, static_cast<std::size_t>(options.filter)}),
        model_(model) {}

  StepResult step(const Batch& batch, Forward& forward) override {
    begin(batch, forward);
    const PassOutput output = forward.pass(SlotValues(model_.slots.size()));
    const std::vector<float> features = last_features(model_, output);
    ClassBuffers next = state();
    if (next.size() == 0) {  // the first batch
      next.add(model_.head_weight, head_row_logits(model_, forward, batch.count));
    }
    const bool learns = all_finite(features) && all_finite(output.logits);
    if (learns) {
      next.add(features, output.logits);
    }
    StepResult result =
        make_result(compute_prototype_logits(next, features), output.logits, model_.classes);
    if (learns) {
      stage(std::move(next), result);
    }
    return result;
  }

 private:
  ModelInfo model_;
};

}  // namespace

std::vector<float> compute_prototype_logits(const ClassBuffers& supports,
                                            std::span<const float> features) {
  const std::size_t width = supports.width();
  const std::size_t classes = supports.classes();
  std::vector<float> logits(features.size() / width * classes);
  std::vector<double> prototype(width);
  for (std::size_t label = 0; label < classes; ++label) {
    std::fill(prototype.begin(), prototype.end(), 0.0);
    for (const ClassBuffers::Sample& sample : supports.of_class(label)) {
      const std::vector<float>& support = *sample.feature;
      const double scale = inverse_length(dot(support, support));
      for (std::size_t i = 0; i < width; ++i) {
        prototype[i] += scale * static_cast<double>(support[i]);
      }
    }
    const double scale = inverse_length(
        std::inner_product(prototype.begin(), prototype.end(), prototype.begin(), 0.0));
    for (std::size_t b = 0; b < features.size() / width; ++b) {
      double sum = 0;
      for (std::size_t i = 0; i < width; ++i) {
        sum += prototype[i] * static_cast<double>(features[b * width + i]);
      }
      logits[b * classes + label] = static_cast<float>(scale * sum);
    }
  }
  return logits;
}

T3aOptions default_t3a_options(const ModelInfo& /*model*/) {
  return {};
}

MethodInfo t3a_info(const T3aOptions& /*options*/, const ModelInfo& /*model*/) {
  MethodInfo info;
  info.name = "t3a";
  info.title = "class prototypes from the surest samples in place of the head, one pass per batch";
  info.paper =
      "Test-Time Classifier Adjustment Module for Model-Agnostic Domain Generalization, "
      "NeurIPS 2021";
  info.needs_taps = true;
  info.needs_head = true;
  return info;
}

std::unique_ptr<Method> make_t3a(const T3aOptions& options,
                                 std::uint64_t /*seed*/,
                                 const ModelInfo& model,
                                 const SourceStats& /*stats*/) {
  check_features(model);
  const std::size_t weights = model.classes * model.taps.back().width;
  if (model.head_weight.size() != weights) {
    fail(ErrorCode::UnsupportedModel, "the head of model '", model.name, "' has ",
         model.head_weight.size(), " weights, expected ", model.classes, " classes * ",
         model.taps.back().width, " features: t3a needs a head that is one linear layer");
  }
  return std::make_unique<T3a>(options, model);
}

}  // namespace zoa
