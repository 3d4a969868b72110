// SPDX-License-Identifier: Apache-2.0
// What kind of network a graph is, found from its structure: the head, the stream of residual
// blocks, norms, taps and the stem. Names in the file are never relied on.
#pragma once

#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/graph/norms_ov.h"

namespace zoa {

/// One residual addition: output = input + branch(input).
struct Residual {
  ov::Output<ov::Node> input;  ///< the stream before
  NodePtr add;                 ///< the addition
  NodeSet main;                ///< nodes of the longer branch
  NodeSet shortcut;            ///< nodes of the other branch; empty for an identity
  bool attention = false;      ///< the main branch holds a softmax
};

enum class TapForm { Row, MeanTokens, MeanPositions, Whole };

/// Where a feature vector is taken: (B, T, D) token 0, its mean over tokens, (B, C, H, W) mean over
/// positions, or (B, D) as it is.
struct TapPoint {
  std::string name;
  ov::Output<ov::Node> source;
  TapForm form = TapForm::Row;
  std::size_t width = 0;
};

struct Structure {
  Family family = Family::Vit;
  ov::Output<ov::Node> logits;
  ov::Output<ov::Node> feature;  ///< the head's input (B, D)
  NodePtr head;                  ///< the head's product
  ov::Output<ov::Node> stem;     ///< output of the patch embedding or of the first convolution
  bool reads_token = false;      ///< ViT: the head reads the CLS token (else a mean over tokens)
  std::vector<Residual> residuals;
  std::size_t blocks = 0;           ///< ViT: attention blocks. CNN: residual blocks
  std::vector<std::size_t> stages;  ///< CNN: number of blocks per stage
  std::vector<Norm> norms;          ///< in network order
  std::vector<TapPoint> taps;       ///< in network order; the last is the feature
};

/// Channels of the stem's output, (B, C, H, W) or tokens (B, T, C), and positions of one image.
struct StemShape {
  std::size_t channels = 0;
  std::size_t positions = 0;
};
StemShape stem_shape(const ov::Output<ov::Node>& stem);

/// What a CNN's block gives: its addition, or the ReLU behind it.
ov::Output<ov::Node> after_activation(const NodePtr& add);

struct StructureOptions {
  std::string
      adapt;  ///< regular expression on Norm::layer or Norm::graph_name; empty: the paper's rule
};

/// Throws  UnsupportedModel with what was found and what was expected; InvalidArgument for a bad
///         expression or one that matches no norm.
Structure find_structure(const std::shared_ptr<ov::Model>& model,
                         const std::string& where,
                         const StructureOptions& options = {});

}  // namespace zoa
