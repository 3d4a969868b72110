// SPDX-License-Identifier: Apache-2.0
// zoa.json: what a model folder says of itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zoa/image/preprocess.h"
#include "zoa/model/model.h"

namespace zoa {

struct ModelDescription {
  std::string name;
  std::string family;  ///< "vit" or "cnn"; for readers, found anew on load
  std::size_t blocks = 0;
  std::vector<std::string> adapted;  ///< layers that the paper's rule adapts
  PreprocessSpec preprocess;
  std::vector<std::string> labels;
  QuantizationSummary quantization;
  std::map<std::string, std::string> hashes;  ///< file name -> XXH3-128
  std::string source_hash;                    ///< of the network's file before zoa
};

std::string write_description(const ModelDescription& description);

/// Throws  BadFile with the key, what was found and what was expected.
ModelDescription read_description(const std::string& text, const std::string& where);

}  // namespace zoa
