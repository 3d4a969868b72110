// SPDX-License-Identifier: Apache-2.0
// Options of ZOA. The defaults here are those of a transformer at 8 bits; default_zoa_options()
// knows the other published settings.
#pragma once

#include <cstdint>
#include <string>

#include "zoa/core/forward.h"
#include "zoa/core/options.h"

namespace zoa {

struct ZoaOptions {
  double lambda = 30;
  double c = 0.02;
  double c_alpha = 0.05;
  double lr = 5e-4;
  double wd = 0.4;
  double lr_alpha = 0.01;
  double wd_alpha = 0.1;
  double threshold = 0.1;
  std::int64_t bank_size = 32;
  double alpha_scale = 10;
  bool shift = true;
  double shift_momentum = 0.1;
  double stem_momentum = 0.2;
  std::int64_t domain_batch = 64;
  std::string alpha_init = "random";
  std::string bn = "batch";
  double bn_prior = 16;
  double bn_momentum = 0.1;

  template <class F>
  void visit(F&& f) {
    f(lambda, OptionMeta{"lambda", "weight of the feature statistics in the loss", 0, 1e6});
    f(c, OptionMeta{"c", "radius of the perturbation of the norm offsets", 1e-8, 10});
    f(c_alpha, OptionMeta{"c_alpha", "radius of the perturbation of alpha", 1e-8, 10});
    f(lr, OptionMeta{"lr", "step size of the norm offsets", 0, 1});
    f(wd, OptionMeta{"wd", "weight decay of the norm offsets", 0, 1e3});
    f(lr_alpha, OptionMeta{"lr_alpha", "step size of alpha", 0, 1});
    f(wd_alpha, OptionMeta{"wd_alpha", "weight decay of alpha", 0, 1e3});
    f(threshold, OptionMeta{"threshold", "stem distance above which the domain has changed", 0});
    f(bank_size, OptionMeta{"bank_size", "most entries of the bank of domains", 0, 4096});
    f(alpha_scale,
      OptionMeta{"alpha_scale", "weights are softmax(alpha_scale * alpha)", 0.01, 1e3});
    f(shift, OptionMeta{"shift", "move the last feature's mean back to clean data's", 0, 1});
    f(shift_momentum, OptionMeta{"shift_momentum", "share of a batch in the feature mean", 0, 1});
    f(stem_momentum, OptionMeta{"stem_momentum", "share of a batch in the stem statistics", 0, 1});
    f(domain_batch, OptionMeta{"domain_batch", "least batch that is tested for a change", 1, 1e9});
    f(alpha_init, OptionMeta{"alpha_init", "alpha at the start: a number, or random"});
    f(bn, OptionMeta{"bn", "statistics of BatchNorms: batch, source, or blend of both and stream"});
    f(bn_prior, OptionMeta{"bn_prior", "blend: images that the shipped ones count for", 0, 1e6});
    f(bn_momentum,
      OptionMeta{"bn_momentum", "blend: share of a batch of 64 in the long run", 1e-3, 0.99});
  }
};

/// How BatchNorms normalise; a network without them has nothing to choose.
enum class NormRule { Batch, Source, Blend };

/// Throws  InvalidArgument for another word than those of the option bn.
NormRule norm_rule(const ZoaOptions& options, const ModelInfo& model);

/// The published settings for this network: family and bit width decide.
/// Source  ZOA paper, implementation details; docs/methods/zoa.md has the table.
ZoaOptions default_zoa_options(const ModelInfo& model);

/// alpha of the zero entry at the start: the number, or one standard normal drawn from the seed.
/// Throws  InvalidArgument if the text is neither "random" (or "nan") nor a finite number.
double first_alpha(const ZoaOptions& options, std::uint64_t seed);

}  // namespace zoa
