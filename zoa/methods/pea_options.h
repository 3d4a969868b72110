// SPDX-License-Identifier: Apache-2.0
// Options of PEA. The defaults here are those of a transformer; default_pea_options() knows the
// CNN.
#pragma once

#include <cstdint>
#include <string>

#include "zoa/core/forward.h"
#include "zoa/core/options.h"

namespace zoa {

struct PeaOptions {
  std::string form = "full";
  std::int64_t group = 32;
  std::string score = "token";
  double momentum = 0.02;
  double jump = 4;
  double jump_share = 0.2;
  double entropy_jump = 1;
  double skip = 1e-3;
  std::int64_t update_every = 12;

  template <class F>
  void visit(F&& f) {
    f(form, OptionMeta{"form", "covariances of: full, grouped or diagonal"});
    f(group, OptionMeta{"group", "channels per group, for grouped", 1, 4096});
    f(score, OptionMeta{"score", "blocks are weighed by: token, all or mixed"});
    f(momentum, OptionMeta{"momentum", "share of a batch in the statistics", 0, 1});
    f(jump, OptionMeta{"jump", "times its smoothed distance at which a block restarts", 1});
    f(jump_share, OptionMeta{"jump_share", "share of a batch in smoothed values", 0, 1});
    f(entropy_jump, OptionMeta{"entropy_jump", "nats above smoothed at which all restarts", 0});
    f(skip, OptionMeta{"skip", "weight below which a block is left alone", 0, 1});
    f(update_every, OptionMeta{"update_every", "batches from root to root, for full", 1, 1e6});
  }
};

/// The published settings for this family.
PeaOptions default_pea_options(const ModelInfo& model);

enum class PeaForm { Full, Grouped, Diagonal };
enum class PeaScore { Token, All, Mixed };

/// Throws  InvalidArgument for another text; it lists the known ones.
PeaForm parse_pea_form(const PeaOptions& options);
PeaScore parse_pea_score(const PeaOptions& options);

}  // namespace zoa
