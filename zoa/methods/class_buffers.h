// SPDX-License-Identifier: Apache-2.0
// For each class the features that the network was surest of: the few samples with the lowest
// entropy among those it put into that class. What t3a and lineartca keep of a stream. A value that
// can be copied; copies share the features.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"

namespace zoa {

class ClassBuffers {
 public:
  struct Sample {
    double entropy = 0;                                 ///< nats
    std::shared_ptr<const std::vector<float>> feature;  ///< (D)
  };

  /// classes K, width D, capacity  most samples of a class
  ClassBuffers(std::size_t classes, std::size_t width, std::size_t capacity)
      : width_(width), capacity_(capacity), samples_(classes) {}

  /// Each row joins the class of its highest logit (of equal ones the first) if its entropy is
  /// below that of some sample there, or there is room. Of equal entropies the earlier sample
  /// stays. features  (B, D), logits  (B, K), all finite Throws  Internal if the sizes do not fit.
  void add(std::span<const float> features, std::span<const float> logits);

  std::size_t classes() const { return samples_.size(); }
  std::size_t width() const { return width_; }
  std::size_t size() const;  ///< samples of all classes

  /// Of one class, lowest entropy first.
  const std::vector<Sample>& of_class(std::size_t label) const { return samples_[label]; }

  /// The features of all classes, (size(), D), class by class.
  std::vector<float> features() const;

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for another width, number of classes or capacity, BadFile for values
  ///         that are not finite.
  void load(const StateReader& reader, const std::string& prefix);

 private:
  void insert(std::size_t label, double entropy, std::span<const float> feature);

  std::size_t width_;
  std::size_t capacity_;
  std::vector<std::vector<Sample>> samples_;
};

}  // namespace zoa
