// SPDX-License-Identifier: Apache-2.0
// The inside of a Model, for the modules that know the runtime.
#pragma once

#include "zoa/graph/instrument_ov.h"
#include "zoa/model/model.h"
#include "zoa/model/site_stats.h"

namespace zoa {

struct ModelGraph {
  std::shared_ptr<ov::Model> network;  ///< normal form of import_model; never changed after loading
  std::string name;
  std::string source_hash;  ///< of the file that the network was read from
  std::string hash;         ///< Model::hash()
  Structure structure;      ///< of `network`
  PreprocessSpec preprocess;
  std::vector<std::string> labels;
  QuantizationSummary quantization;
  SourceStats source_stats;  ///< BatchNorms on source statistics
  SourceStats batch_stats;   ///< BatchNorms on batch statistics; empty without BatchNorm
  FoldedStats folded;
  SiteStatsMap sites;  ///< BatchNorms on source statistics
};

bool has_batch_norm(const Structure& structure);

}  // namespace zoa
