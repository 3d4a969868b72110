// SPDX-License-Identifier: Apache-2.0
// BatchNorms on the statistics of the test batch (BN-adapt), mixed with the shipped ones where the
// batch is a single image (BN-alpha). docs/methods/bn.md.
#pragma once

#include <cstdint>
#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

struct BnOptions {
  double mix = 1;
  double mix_single = 0.1;

  template <class F>
  void visit(F&& f) {
    f(mix, OptionMeta{"mix", "share of the batch's statistics, from two images on", 0, 1});
    f(mix_single, OptionMeta{"mix_single", "the same for a batch of one image", 0, 1});
  }
};

/// Throws  UnsupportedModel for a known model without BatchNorm.
void check_batch_norm(const ModelInfo& model, const char* method);

BnOptions default_bn_options(const ModelInfo& model);

/// Throws  UnsupportedModel for a known model without BatchNorm.
MethodInfo bn_info(const BnOptions& options, const ModelInfo& model);

/// Throws  UnsupportedModel for a model without classes or BatchNorm.
std::unique_ptr<Method> make_bn(const BnOptions& options,
                                std::uint64_t seed,
                                const ModelInfo& model,
                                const SourceStats& stats);

}  // namespace zoa
