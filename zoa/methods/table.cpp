// SPDX-License-Identifier: Apache-2.0
// All methods. A new one is a line here, a file pair beside it and a page in docs/methods.
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/methods/method.h"
#include "zoa/methods/noadapt.h"
#include "zoa/methods/zoa_method.h"

namespace zoa {
namespace {

struct MakeArguments {
  const OptionValues& overrides;
  std::uint64_t seed;
  const ModelInfo& model;
  const SourceStats& stats;
};

struct MethodEntry {
  MethodInfo (*info)();
  std::unique_ptr<Method> (*make)(const MakeArguments& arguments);
};

template <class Options>
void override_options(Options& options, const OptionValues& overrides) {
  for (const auto& [name, text] : overrides) {
    set_option(options, name, text);
  }
}

std::unique_ptr<Method> make_noadapt_entry(const MakeArguments& arguments) {
  if (!arguments.overrides.empty()) {
    detail::fail_unknown_option(arguments.overrides.front().first, {});
  }
  return make_noadapt(arguments.model);
}

std::unique_ptr<Method> make_zoa_entry(const MakeArguments& arguments) {
  ZoaOptions options = default_zoa_options(arguments.model);
  override_options(options, arguments.overrides);
  return make_zoa(options, arguments.seed, arguments.model, arguments.stats);
}

constexpr MethodEntry kMethods[] = {
    {noadapt_info, make_noadapt_entry},
    {zoa_info, make_zoa_entry},
};

}  // namespace

std::unique_ptr<Method> make_method(const std::string& name,
                                    const OptionValues& overrides,
                                    std::uint64_t seed,
                                    const ModelInfo& model,
                                    const SourceStats& stats) {
  for (const MethodEntry& entry : kMethods) {
    if (entry.info().name == name) {
      return entry.make({overrides, seed, model, stats});
    }
  }
  std::vector<std::string> known;
  for (const MethodInfo& info : list_methods()) {
    known.push_back(info.name);
  }
  fail(ErrorCode::InvalidArgument, unknown_name_text("method", name, known));
}

std::vector<MethodInfo> list_methods() {
  std::vector<MethodInfo> list;
  for (const MethodEntry& entry : kMethods) {
    list.push_back(entry.info());
  }
  return list;
}

}  // namespace zoa
