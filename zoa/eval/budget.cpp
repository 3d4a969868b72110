// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/budget.h"

#include <algorithm>

#include "zoa/core/error.h"

namespace zoa {
namespace {

constexpr char kPasses[] = "passes";

bool sets_passes(const OptionValues& overrides) {
  return std::any_of(overrides.begin(), overrides.end(),
                     [](const auto& value) { return value.first == kPasses; });
}

bool has_passes(const std::vector<OptionText>& options) {
  return std::any_of(options.begin(), options.end(),
                     [](const OptionText& option) { return option.name == kPasses; });
}

}  // namespace

OptionValues fit_passes(const std::string& method,
                        const OptionValues& overrides,
                        const ModelInfo& model,
                        std::size_t passes) {
  OptionValues fitted = overrides;
  if (passes > 0 && !sets_passes(overrides) &&
      has_passes(method_options(method, overrides, model))) {
    fitted.emplace_back(kPasses, std::to_string(passes));
  }
  const std::size_t most = method_needs(method, fitted, model).most_passes;
  if (passes > 0 && most > passes) {
    fail(ErrorCode::InvalidArgument, "option 'passes': ", passes, " a batch, but method '", method,
         "' takes up to ", most, "; raise the budget or leave the method out");
  }
  return fitted;
}

}  // namespace zoa
