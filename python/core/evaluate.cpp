// SPDX-License-Identifier: Apache-2.0
// zoa.evaluate without its Python side (zoa/evaluation.py), and the names of the methods.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "zoa/data/severity.h"
#include "zoa/data/shifts.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"

#include "python/core/bindings.h"

namespace zoa::python {
namespace {

using Progress = std::optional<std::function<void(const std::string&, std::size_t, std::size_t)>>;
using Methods = std::vector<std::pair<std::string, nb::dict>>;

// Lines of JSON, and the accuracy as text and as Markdown.
using Result = std::tuple<std::vector<std::string>, std::string, std::string>;

EvalPlan make_plan(const Methods& methods,
                   const std::vector<std::string>& domains,
                   const nb::dict& options,
                   const std::string& command) {
  EvalPlan plan;
  for (const auto& [name, overrides] : methods) {
    plan.methods.push_back({name, option_values(overrides), false});
  }
  for (const auto& [name, value] : option_values(options)) {
    if (name == "cache") {
      plan.cache = value;
    } else {
      set_option(plan.options, name, value);
    }
  }
  plan.options.domains = domains;
  plan.command = command;
  check_eval_options(plan.options);
  return plan;
}

Result run_plan(const Model& model, const Dataset& data, const EvalPlan& plan, Progress progress) {
  Result result;
  EvalHooks hooks;
  hooks.line = [&](const std::string& line) { std::get<0>(result).push_back(line); };
  hooks.stop = [] {
    check_signals();
    return false;
  };
  if (progress) {
    hooks.progress = [&](const EvalProgress& p) { (*progress)(p.domain, p.done, p.total); };
  }
  check_classes(model, data);
  const Run run = run_eval(model, data, plan, hooks);
  const Table table = accuracy_table(run);
  std::get<1>(result) = text_table(table);
  std::get<2>(result) = markdown_table(table);
  return result;
}

Result evaluate(const Model& model,
                const std::string& spec,
                const Methods& methods,
                const std::vector<std::string>& corrupt,
                const std::vector<std::string>& domains,
                const nb::dict& options,
                const std::string& command,
                const Progress& progress) {
  const EvalPlan plan = make_plan(methods, domains, options, command);
  const nb::gil_scoped_release released;
  DatasetOptions of_data;
  of_data.severities = parse_severities(plan.options.severity);
  const std::shared_ptr<const Dataset> data =
      make_shifts(open_dataset(spec, of_data), corrupt, of_data.severities);
  return run_plan(model, *data, plan, progress);
}

}  // namespace

void bind_evaluate(nb::module_& module) {
  module.def("_evaluate", evaluate, nb::arg("model"), nb::arg("data"), nb::arg("methods"),
             nb::arg("corrupt"), nb::arg("domains"), nb::arg("options"), nb::arg("command"),
             nb::arg("progress").none());
  module.def(
      "methods",
      [] {
        std::vector<std::string> names;
        for (const MethodInfo& info : list_methods()) {
          names.push_back(info.name);
        }
        return names;
      },
      "Names of the methods that evaluate() compares.");
}

}  // namespace zoa::python
