// SPDX-License-Identifier: Apache-2.0
#include "zoa/adapt/adapter_texts.h"

namespace zoa {

AdapterOptions make_adapter_options(const OptionValues& values, const Model& model) {
  return make_adapter_options(values, model.info());
}

std::vector<std::pair<std::string, std::uint64_t>> list_counters(const Adapter& adapter) {
  FrameCounters counters = adapter.counters();
  std::vector<std::pair<std::string, std::uint64_t>> all;
  counters.visit([&](const char* name, std::uint64_t value) { all.emplace_back(name, value); });
  const std::vector<std::int64_t> reasons = adapter.guard_counters().values();
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    all.emplace_back(std::string("guard.") + reason_name(static_cast<GuardReason>(i)),
                     static_cast<std::uint64_t>(reasons[i]));
  }
  return all;
}

}  // namespace zoa
