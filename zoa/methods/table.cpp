// SPDX-License-Identifier: Apache-2.0
// All methods. A new one is a line here, a file pair beside it and a page in docs/methods.
#include <string>
#include <vector>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/methods/align.h"
#include "zoa/methods/bn.h"
#include "zoa/methods/bn_ema.h"
#include "zoa/methods/cola_fp.h"
#include "zoa/methods/eva0.h"
#include "zoa/methods/foa.h"
#include "zoa/methods/fozo.h"
#include "zoa/methods/lame.h"
#include "zoa/methods/linear_tca.h"
#include "zoa/methods/method.h"
#include "zoa/methods/neo.h"
#include "zoa/methods/noadapt.h"
#include "zoa/methods/pace.h"
#include "zoa/methods/pea.h"
#include "zoa/methods/quar.h"
#include "zoa/methods/shift.h"
#include "zoa/methods/t3a.h"
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
  std::vector<OptionText> (*options)(const OptionValues& overrides, const ModelInfo& model);
  MethodInfo (*needs)(const OptionValues& overrides, const ModelInfo& model);
  std::unique_ptr<Method> (*make)(const MakeArguments& arguments);
};

// The published defaults for this network, then the overrides.
template <auto Defaults>
auto options_for(const OptionValues& overrides, const ModelInfo& model) {
  auto options = Defaults(model);
  for (const auto& [name, text] : overrides) {
    set_option(options, name, text);
  }
  check_options(options);
  return options;
}

// Defaults  options of a model;  Info  what it needs with these options;  Make  the method.
template <auto Defaults, auto Info, auto Make>
constexpr MethodEntry entry() {
  return {[](const OptionValues& overrides, const ModelInfo& model) {
            return list_options(options_for<Defaults>(overrides, model));
          },
          [](const OptionValues& overrides, const ModelInfo& model) {
            return Info(options_for<Defaults>(overrides, model), model);
          },
          [](const MakeArguments& arguments) -> std::unique_ptr<Method> {
            return Make(options_for<Defaults>(arguments.overrides, arguments.model), arguments.seed,
                        arguments.model, arguments.stats);
          }};
}

constexpr MethodEntry kMethods[] = {
    entry<default_noadapt_options, noadapt_info, make_noadapt>(),
    entry<default_bn_options, bn_info, make_bn>(),
    entry<default_bn_ema_options, bn_ema_info, make_bn_ema>(),
    entry<default_lame_options, lame_info, make_lame>(),
    entry<default_t3a_options, t3a_info, make_t3a>(),
    entry<default_linear_tca_options, linear_tca_info, make_linear_tca>(),
    entry<default_shift_options, shift_info, make_shift>(),
    entry<default_neo_options, neo_info, make_neo>(),
    entry<default_quar_options, quar_info, make_quar>(),
    entry<default_pea_options, pea_info, make_pea>(),
    entry<default_align_options, align_info, make_align>(),
    entry<default_eva0_options, eva0_info, make_eva0>(),
    entry<default_cola_fp_options, cola_fp_info, make_cola_fp>(),
    entry<default_foa_options, foa_info, make_foa>(),
    entry<default_fozo_options, fozo_info, make_fozo>(),
    entry<default_pace_options, pace_info, make_pace>(),
    entry<default_zoa_options, zoa_info, make_zoa_method>(),
};

const MethodEntry& find_entry(const std::string& name) {
  std::vector<std::string> known;
  for (const MethodEntry& entry : kMethods) {
    known.push_back(entry.needs({}, {}).name);
    if (known.back() == name) {
      return entry;
    }
  }
  fail(ErrorCode::InvalidArgument, unknown_name_text("method", name, known));
}

// Whose option is wrong, for calls with several methods.
template <class Call>
auto with_name(const std::string& name, const Call& call) {
  try {
    return call();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidArgument) {
      throw;
    }
    fail(ErrorCode::InvalidArgument, "method '", name, "': ", error.what());
  }
}

}  // namespace

MethodInfo method_needs(const std::string& name,
                        const OptionValues& overrides,
                        const ModelInfo& model) {
  const MethodEntry& entry = find_entry(name);
  return with_name(name, [&] { return entry.needs(overrides, model); });
}

std::vector<OptionText> method_options(const std::string& name,
                                       const OptionValues& overrides,
                                       const ModelInfo& model) {
  const MethodEntry& entry = find_entry(name);
  return with_name(name, [&] { return entry.options(overrides, model); });
}

std::unique_ptr<Method> make_method(const std::string& name,
                                    const OptionValues& overrides,
                                    std::uint64_t seed,
                                    const ModelInfo& model,
                                    const SourceStats& stats) {
  const MethodEntry& entry = find_entry(name);
  return with_name(name, [&] { return entry.make({overrides, seed, model, stats}); });
}

std::vector<MethodInfo> list_methods() {
  std::vector<MethodInfo> list;
  for (const MethodEntry& entry : kMethods) {
    list.push_back(entry.needs({}, {}));
  }
  return list;
}

}  // namespace zoa
