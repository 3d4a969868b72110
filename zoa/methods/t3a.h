// SPDX-License-Identifier: Apache-2.0
// T3A: the head's rows are replaced by class prototypes, made of those rows and of the features of
// the surest samples so far. docs/methods/t3a.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "zoa/methods/class_buffers.h"
#include "zoa/methods/method.h"

namespace zoa {

struct T3aOptions {
  std::int64_t filter = 20;

  template <class F>
  void visit(F&& f) {
    f(filter, OptionMeta{"filter", "most supports of a class, lowest entropy first", 1, 10000});
  }
};

/// feature x prototype: the prototype of a class is the sum of its supports, each of length 1,
/// brought to length 1; 0 for a class without supports.
/// features  (B, D)    returns (B, K)
std::vector<float> compute_prototype_logits(const ClassBuffers& supports,
                                            std::span<const float> features);

T3aOptions default_t3a_options(const ModelInfo& model);
MethodInfo t3a_info(const T3aOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes, features or a head of (K, D) weights.
std::unique_ptr<Method> make_t3a(const T3aOptions& options,
                                 std::uint64_t seed,
                                 const ModelInfo& model,
                                 const SourceStats& stats);

}  // namespace zoa
