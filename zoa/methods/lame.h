// SPDX-License-Identifier: Apache-2.0
// LAME: the answers of a batch are corrected towards those of similar images in the same batch. The
// network stays as it is and nothing is kept. docs/methods/lame.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zoa/methods/method.h"

namespace zoa {

struct LameOptions {
  std::string affinity = "knn";
  std::int64_t neighbours = 5;
  bool symmetric = true;
  std::int64_t rounds = 100;
  double tolerance = 1e-8;

  template <class F>
  void visit(F&& f) {
    f(affinity, OptionMeta{"affinity", "who is similar: knn, rbf or linear"});
    f(neighbours, OptionMeta{"neighbours", "of knn; the one that gives rbf its width", 1, 1e6});
    f(symmetric, OptionMeta{"symmetric", "mean of the affinity and its transpose", 0, 1});
    f(rounds, OptionMeta{"rounds", "most rounds", 1, 1e6});
    f(tolerance, OptionMeta{"tolerance", "change of the energy at which to stop", 0, 1});
  }
};

/// Affinity of the images of a batch, (B, B) row-major.
/// features  (B, D), all finite; their lengths do not count
/// Throws  InvalidArgument for an unknown affinity.
std::vector<double> compute_affinity(const LameOptions& options,
                                     std::span<const float> features,
                                     std::size_t width);

/// log Y (B, K) after rounds of Y <- softmax(log(p + 1e-10) + affinity * Y), from p =
/// softmax(logits). Source  LAME's code: from the third round on it stops where the energy changes
/// by no more than
///         tolerance * |energy|.
std::vector<float> compute_assignment(const LameOptions& options,
                                      std::span<const float> logits,
                                      std::size_t classes,
                                      std::span<const double> affinity);

LameOptions default_lame_options(const ModelInfo& model);

/// Throws  InvalidArgument for an unknown affinity; the text lists the known ones.
MethodInfo lame_info(const LameOptions& options, const ModelInfo& model);

/// Throws  as lame_info; UnsupportedModel for a model without classes or features.
std::unique_ptr<Method> make_lame(const LameOptions& options,
                                  std::uint64_t seed,
                                  const ModelInfo& model,
                                  const SourceStats& stats);

}  // namespace zoa
