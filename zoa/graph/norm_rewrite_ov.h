// SPDX-License-Identifier: Apache-2.0
// Writes a normalization layer anew with gamma and beta as given values (slots or constants), and
// BatchNorm on source or batch statistics.
#pragma once

#include "zoa/graph/instrument_ov.h"

namespace zoa {

struct NormAffine {
  ov::Output<ov::Node> gamma;  ///< broadcasts against the norm's output
  ov::Output<ov::Node> beta;
};

/// What gamma and beta are when nothing is adapted: the norm's own; for a folded norm the source's
/// standard deviation and mean.
struct NeutralAffine {
  std::vector<float> gamma;
  std::vector<float> beta;
};
NeutralAffine neutral_affine(const Norm& norm, const FoldedStats& folded);

/// Replaces the norm in its graph.
/// Returns  the new output.
ov::Output<ov::Node> rewrite_norm(const Norm& norm,
                                  const NormAffine& affine,
                                  bool batch_statistics,
                                  const FoldedStats& folded);

}  // namespace zoa
