// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/guard_options.h"

#include "zoa/core/error.h"

namespace zoa {

GuardOptions guard_options(const std::string& preset) {
  GuardOptions options;
  if (preset == "on") {
    return options;
  }
  if (preset == "evidence") {
    options.evidence = 0.01;
    return options;
  }
  if (preset != "off" && preset != "paper") {
    fail(ErrorCode::InvalidArgument, "guard '", preset, "': expected on, evidence, paper or off");
  }
  options.finite = false;
  options.least_images = 0;
  options.least_spread = 0;
  options.collapse = 0;
  options.probe = 0;
  options.clip = options.step_share = options.offset_share = 0;
  options.snapshot_every = options.patience = options.most_rollbacks = 0;
  return options;
}

std::vector<OptionText> list_guard_overrides(const GuardOptions& options) {
  std::vector<OptionText> all = list_options(options);
  for (OptionText& option : all) {
    option.name.insert(0, kGuardOverride);
  }
  return all;
}

bool is_guarding(const GuardOptions& options) {
  return options.finite || options.least_images > 0 || options.least_spread > 0 ||
         options.probe > 0 || options.clip > 0 || options.step_share > 0 ||
         options.offset_share > 0 || options.reset_every > 0 || options.evidence > 0;
}

}  // namespace zoa
