// SPDX-License-Identifier: Apache-2.0
// Hints for misspelt names: every "unknown ..." error ends with one and with the known names.
#pragma once

#include <string>
#include <vector>

namespace zoa {

/// Text for an unknown name: "unknown option 'lrr'; did you mean 'lr'? known: c, lr". Case and the
/// difference between '-' and '_' do not count; no hint is given where nothing is near.
std::string unknown_name_text(const std::string& what,
                              const std::string& name,
                              const std::vector<std::string>& known);

}  // namespace zoa
