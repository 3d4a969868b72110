// SPDX-License-Identifier: Apache-2.0
// Sites: places inside the network that a method measures or corrects (core/forward.h). Here they
// are found in the structure; site_graph_ov.h writes their statistics and corrections.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "zoa/core/forward.h"
#include "zoa/graph/structure_ov.h"

namespace zoa {

struct SitePoint {
  SiteInfo info;                   ///< without places in the rows of statistics
  ov::Output<ov::Node> value;      ///< tokens (B, T, C), a map (B, C, H, W) or rows (B, C)
  TapForm token = TapForm::Whole;  ///< BlockToken: how the head's row comes from the value
  /// LayerInput: what reads the value on the way to the layer. Empty: everything that reads it.
  std::vector<ov::Input<ov::Node>> readers;
};

/// Name of a SiteKind::Normalised site: the norm's layer and this.
inline constexpr char kNormalisedSuffix[] = ".normalised";

/// Where a value of the structure lives now that norms have been rewritten.
using CurrentValue = std::function<ov::Output<ov::Node>(const ov::Output<ov::Node>&)>;

/// Sites of one request in network order.
/// Throws  InvalidArgument for a form that the kind does not take.
std::vector<SitePoint> find_sites(const std::shared_ptr<ov::Model>& model,
                                  const Structure& structure,
                                  const SiteRequest& request,
                                  const CurrentValue& current);

}  // namespace zoa
