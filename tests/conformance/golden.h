// SPDX-License-Identifier: Apache-2.0
// Reads a golden run: a float64 trajectory of the method on a small network, with every direction,
// loss and parameter (tests/data/golden/README.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "zoa/core/forward.h"
#include "zoa/data/npy.h"
#include "zoa/image/preprocess.h"
#include "zoa/methods/zoa_options.h"

namespace zoa::golden {

/// Folder with whole runs: $ZOA_SHARED/golden, or ../shared/golden beside the checkout.
std::filesystem::path shared_folder();
/// Folder of the reduced runs that the repository ships.
std::filesystem::path reduced_folder();

struct Run {
  nlohmann::json trajectory;
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::size_t parameters = 0;
  PreprocessSpec preprocess;
  std::vector<std::uint8_t> images;  ///< (steps, batch, H, W, 3)
  std::vector<double> delta;         ///< (steps, P)
  std::vector<double> eps_after;     ///< (steps, P)
  std::vector<double> logits;        ///< (steps, batch, K)
  SourceStats stats;

  const nlohmann::json& step(std::size_t index) const { return trajectory.at("steps").at(index); }
  Batch make_batch(std::size_t step) const;
};

Run load_run(const std::filesystem::path& folder);

/// The options that the run was made with.
ZoaOptions options_of(const Run& run);

}  // namespace zoa::golden
