// SPDX-License-Identifier: Apache-2.0
// The normalization layers of a graph, whichever way they are written.
#pragma once

#include <string>
#include <vector>

#include "zoa/graph/ops_ov.h"

namespace zoa {

enum class NormKind { LayerNorm, BatchNorm, FoldedBatchNorm, GroupNorm };

struct Norm {
  NormKind kind = NormKind::LayerNorm;
  std::string layer;       ///< structural name: "blocks.1.norm2", "stage2.0.norm1", "stem.norm"
  std::string graph_name;  ///< name of the output node in the file
  NodePtr
      normalize;     ///< gives x_hat (MVN, BatchNormInference, ...); folded: the biased convolution
  NodePtr multiply;  ///< applies gamma, or null (BatchNorm, or a norm without affine)
  NodePtr add;       ///< applies beta, or null
  ov::Output<ov::Node> input;  ///< what is normalised
  ov::Output<ov::Node> output;
  std::vector<float> gamma;  ///< (C)
  std::vector<float> beta;   ///< (C)
  bool channels_last = true;
  int block = -1;        ///< block (ViT) or block counted over all stages (CNN); -1 outside
  bool adapted = false;  ///< its gamma and beta are slots
};

const char* to_string(NormKind kind);

/// All LayerNorms, BatchNorms and GroupNorms in network order. Folded BatchNorms are not among
/// them: see find_folded_norms.
std::vector<Norm> find_norms(const std::shared_ptr<ov::Model>& model, const NodeSet& constants);

/// Biased convolutions, each where a BatchNorm was folded into it (for networks without other
/// norms). gamma and beta stay empty: they are the source statistics of the output, see
/// folded_norm_ov.h.
std::vector<Norm> find_folded_norms(const std::shared_ptr<ov::Model>& model,
                                    const NodeSet& constants);

}  // namespace zoa
