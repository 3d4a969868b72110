// SPDX-License-Identifier: Apache-2.0
// Writes a normalization layer anew with gamma and beta as given values (slots or constants), and
// BatchNorm on source or batch statistics.
#pragma once

#include <optional>

#include "zoa/graph/instrument_ov.h"
#include "zoa/graph/site_graph_ov.h"

namespace zoa {

struct NormForm {
  ov::Output<ov::Node> gamma;  ///< broadcasts against the norm's output
  ov::Output<ov::Node> beta;
  bool batch_statistics = false;  ///< BatchNorm normalises with the statistics of the batch
  /// BatchNorm normalises with (1 - mix) * these + mix * those of the batch; no nodes: not given.
  /// Without a node for mix it is 0, and nothing of the batch is computed.
  ov::Output<ov::Node> mean;
  ov::Output<ov::Node> variance;
  ov::Output<ov::Node> mix;
};

/// What gamma and beta are when nothing is adapted: the norm's own; for a folded norm the source's
/// standard deviation and mean.
struct NeutralAffine {
  std::vector<float> gamma;
  std::vector<float> beta;
};
NeutralAffine neutral_affine(const Norm& norm, const FoldedStats& folded);

/// What a BatchNorm normalises with as shipped.
struct NeutralStatistics {
  std::vector<float> mean;
  std::vector<float> variance;
};
NeutralStatistics neutral_statistics(const Norm& norm, const FoldedStats& folded);

struct RewrittenNorm {
  ov::Output<ov::Node> output;
  /// Of what a BatchNorm reads, over batch and positions, where the new form takes them: (1, C).
  std::optional<ValueMoments> input;
};

/// What a LayerNorm or GroupNorm gives before its affine.
ov::Output<ov::Node> normalised_value(const Norm& norm);

/// Replaces the norm in its graph.
RewrittenNorm rewrite_norm(const Norm& norm, const NormForm& form, const FoldedStats& folded);

}  // namespace zoa
