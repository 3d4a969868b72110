// SPDX-License-Identifier: Apache-2.0
// Equal budgets: how many forward passes a method may take per batch.
#pragma once

#include <cstddef>
#include <string>

#include "zoa/methods/method.h"

namespace zoa {

/// The overrides of a method under a budget of passes per batch, 0 = none. A method that can spend
/// more or less (it has an option "passes") gets the budget, unless the overrides say otherwise.
/// Throws  InvalidArgument for a method that may take more; what method_needs() throws.
OptionValues fit_passes(const std::string& method,
                        const OptionValues& overrides,
                        const ModelInfo& model,
                        std::size_t passes);

}  // namespace zoa
