// SPDX-License-Identifier: Apache-2.0
// Builds quantized copies of a network from calibration statistics. What is decided for a layer at
// a bit width is kept, so that many copies with other widths here and there cost little (the
// sensitivity search needs that).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "zoa/graph/structure_ov.h"
#include "zoa/quantize/bits.h"
#include "zoa/quantize/layer_plan.h"
#include "zoa/quantize/product_weights_ov.h"
#include "zoa/quantize/quantize.h"
#include "zoa/quantize/statistics.h"

namespace zoa {

class Planner {
 public:
  /// network, structure  of one another; statistics of this network
  /// reduced_range       see grid_rule; for k and v too
  Planner(const std::shared_ptr<const ov::Model>& network,
          const Structure& structure,
          const CalibrationStatistics& statistics,
          const QuantizeOptions& options,
          bool reduced_range);

  /// All products, in order; what build() wants one width each for.
  const std::vector<Product>& products() const { return products_; }

  /// A quantized copy. Products that cannot be quantized stay float whatever their width is.
  /// report  gets one entry per product, if given
  std::shared_ptr<ov::Model> build(const std::vector<BitWidths>& widths,
                                   std::vector<QuantizedLayer>* report = nullptr);

 private:
  class Build;

  const ActivationPlan& activation_plan(std::size_t product,
                                        std::size_t point,
                                        const std::vector<BitWidths>& widths,
                                        std::string& key);
  const LayerPlan& layer_plan(std::size_t product,
                              const BitWidths& bits,
                              const ActivationPlan& activation,
                              const std::string& activation_key);
  std::vector<std::size_t> readers_of(std::size_t product,
                                      std::size_t point,
                                      const std::vector<BitWidths>& widths) const;
  Equalizer attention_equalizer(const Product& product,
                                const ActivationPoint& point,
                                std::size_t heads) const;
  ActivationReader make_reader(std::size_t product, int bits) const;
  bool is_norm_output(const std::string& key) const;

  std::shared_ptr<ov::Model> network_;
  std::vector<Product> products_;  // of network_
  std::vector<std::string> norm_outputs_;
  const CalibrationStatistics& statistics_;
  QuantizeOptions options_;
  bool reduced_range_;
  std::map<std::string, ActivationPlan> activations_;
  std::map<std::string, LayerPlan> layers_;
};

}  // namespace zoa
