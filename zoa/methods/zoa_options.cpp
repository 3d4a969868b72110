// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/zoa_options.h"

#include <algorithm>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/methods/directions.h"

namespace zoa {

ZoaOptions default_zoa_options(const ModelInfo& model) {
  ZoaOptions options;
  if (model.family == Family::Cnn) {
    options.lambda = 1;
    options.c = 0.01;
    options.lr = 1e-4;
    options.threshold = 0.2;
  } else if (std::min(model.weight_bits, model.activation_bits) < 8) {
    options.lr = 2e-4;  // published for W6A6; below that we know of nothing better
  }
  return options;
}

NormRule norm_rule(const ZoaOptions& options, const ModelInfo& model) {
  static const std::vector<std::string> kNames = {"batch", "source", "blend"};
  const auto found = std::find(kNames.begin(), kNames.end(), options.bn);
  if (found == kNames.end()) {
    fail(ErrorCode::InvalidArgument, "option bn: found '", options.bn,
         "', expected batch, source or blend");
  }
  return model.has_batch_norm ? static_cast<NormRule>(found - kNames.begin()) : NormRule::Source;
}

double first_alpha(const ZoaOptions& options, std::uint64_t seed) {
  if (options.alpha_init == "random" || options.alpha_init == "nan") {
    const auto purpose = static_cast<std::uint32_t>(RngPurpose::AlphaFirst);
    return Rng(seed, 0, purpose).normal(0);
  }
  double value = 0;
  detail::parse_option(OptionMeta{"alpha_init", "", -1e3, 1e3}, options.alpha_init, value);
  return value;
}

}  // namespace zoa
