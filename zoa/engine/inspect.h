// SPDX-License-Identifier: Apache-2.0
// What a network is and how it runs: the facts that 'zoa inspect' prints.
#pragma once

#include <string>
#include <vector>

#include "zoa/model/model.h"

namespace zoa {

struct NormFacts {
  std::string layer;       ///< structural name, e.g. "blocks.1.norm2"
  std::string graph_name;  ///< in the file
  std::string kind;        ///< "LayerNorm", "BatchNorm", "BatchNorm (folded)", "GroupNorm"
  std::size_t channels = 0;
  bool adapted = false;
};

struct KernelFacts {
  std::string layer;   ///< node in the file
  std::string kind;    ///< "convolution", "linear" or "attention"
  std::string kernel;  ///< as the runtime names it, e.g. "brgemm_avx512_I8"
  bool int8 = false;
  std::string reason;  ///< why float; empty for int8
};

struct Inspection {
  std::string family;  ///< "ViT" or "CNN"
  std::size_t blocks = 0;
  std::vector<std::size_t> stages;  ///< CNN: blocks per stage
  std::string
      reads;  ///< what the head reads: "CLS token", "mean over tokens", "mean over positions"
  std::string stem;  ///< node whose output the domain test watches
  std::size_t stem_channels = 0;
  std::vector<NormFacts> norms;
  std::vector<TapInfo> taps;
  std::size_t adapted_parameters = 0;
  double multiplications = 0;  ///< of one image
  double prefix_share = 0;     ///< 0..1
  std::vector<KernelFacts> kernels;
};

/// Compiles the network once (batch 1) and asks the runtime what runs.
/// adapt  regular expression that picks the adapted norms; "" = the paper's rule
Inspection inspect(const Model& model, const std::string& adapt = "");

}  // namespace zoa
