// SPDX-License-Identifier: Apache-2.0
// Which layers a network's answers suffer from most, and what was done about it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace zoa {

struct LayerSensitivity {
  std::size_t layer = 0;  ///< index among the network's products
  double divergence = 0;  ///< nats a image: logits with only this layer quantized against float
  std::string planned;    ///< widths before the search, e.g. "w4a4"; attention has no weights: "a4"
  std::string kept;       ///< widths in the end: planned, 8 bits or "float"
  bool fixed = false;     ///< by a rule: the search leaves it alone
};

/// A network that the search measured.
struct SensitivityTrial {
  std::size_t raised = 0;  ///< layers brought to 8 bits
  std::size_t floats = 0;  ///< layers brought to float
  double drop = 0;
};

struct SensitivityReport {
  std::vector<LayerSensitivity> ranking;  ///< worst first; empty = not measured
  std::size_t ranking_images = 0;
  std::string measure;                   ///< of the drop: "accuracy" or "changed answers"
  std::size_t drop_images = 0;           ///< that it is measured on
  double max_drop = 0;                   ///< asked for, a share; 0 = no search
  double drop_planned = 0;               ///< of the network as planned
  double drop = 0;                       ///< of the network in the end
  bool met = true;                       ///< false: not even with all layers float that may be
  std::size_t raised = 0;                ///< layers brought to 8 bits
  std::size_t floats = 0;                ///< layers brought to float
  std::vector<SensitivityTrial> trials;  ///< in the order they were made; first: as planned
  std::size_t evaluations = 0;           ///< networks compiled and run

  bool measured() const { return !ranking.empty(); }
};

}  // namespace zoa
