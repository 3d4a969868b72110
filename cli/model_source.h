// SPDX-License-Identifier: Apache-2.0
// Models of the command line: folders and network files, and the preprocessing flags.
#pragma once

#include <string>
#include <vector>

#include "zoa/model/model.h"

#include "cli/command_line.h"

namespace zoa::cli {

/// A folder made by quantize, or a network file with the preset imagenet.
Model load_any_model(const std::string& path);

/// "M.zoa,M2.zoa". Throws  BadFile for a network file: eval and bench want model folders.
std::vector<Model> load_models(const std::string& paths);

/// The flags --preset --mean --std --resize --crop --interpolation.
struct PreprocessFlags {
  std::string preset = "imagenet";
  std::string mean;           ///< "a,b,c" or "a"
  std::string std;            ///< likewise
  std::string interpolation;  ///< "" = the preset's
  int resize = 0;             ///< short side before the crop, in pixels; 0 = by crop
  double crop = 0;            ///< part of the short side that is kept; 0 = the preset's
};

void add_preprocess_flags(CLI::App& app, PreprocessFlags& flags);

/// Throws  InvalidArgument.
PreprocessSpec make_preprocess(const PreprocessFlags& flags, const InputSize& size);

}  // namespace zoa::cli
