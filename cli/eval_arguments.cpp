// SPDX-License-Identifier: Apache-2.0
#include "cli/eval_arguments.h"

#include <algorithm>

#include "zoa/adapt/contender.h"
#include "zoa/core/error.h"

#include "cli/state_source.h"

namespace zoa::cli {
namespace {

void add_setting(std::vector<MethodRequest>& requests, const std::string& setting) {
  const std::size_t dot = setting.find('.');
  const std::size_t equals = setting.find('=');
  if (dot == std::string::npos || equals == std::string::npos || equals < dot) {
    fail(ErrorCode::InvalidArgument, "--set ", setting,
         ": expected METHOD.OPTION=VALUE, e.g. zoa.lr=1e-4");
  }
  const std::string method = setting.substr(0, dot);
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [&](const MethodRequest& r) { return r.name == method; });
  if (found == requests.end()) {
    find_method(method);  // says what is known, if it is unknown at all
    fail(ErrorCode::InvalidArgument, "--set ", setting, ": method '", method,
         "' is not run; name it in --method");
  }
  found->overrides.emplace_back(setting.substr(dot + 1, equals - dot - 1),
                                setting.substr(equals + 1));
}

}  // namespace

void add_eval_flags(CLI::App& app, EvalArguments& arguments) {
  app.add_option("model", arguments.models, "model folder, or several: M.zoa,M2.zoa");
  app.add_option("--data", arguments.data.spec, kSpecHelp)->type_name("SPEC");
  app.add_option("--corrupt", arguments.data.corrupt,
                 "make the shifts now: corruption names, or all")
      ->type_name("NAMES");
  app.add_option("--labels", arguments.data.labels, "class names, one a line")->type_name("FILE");
  app.add_option("--subset", arguments.data.subset, "only the pictures that it lists, one a line")
      ->type_name("FILE");
  app.add_option("--domains", arguments.domains, "which domains, in this order")
      ->type_name("NAMES");
  app.add_option("--method", arguments.methods,
                 "methods to compare; all = those that fit network and --passes")
      ->type_name("NAMES")
      ->default_str(arguments.methods);
  app.add_option("--set", arguments.settings, "option of a method, e.g. zoa.lr=1e-4; may repeat")
      ->type_name("M.OPTION=X")
      ->allow_extra_args(false);
  add_option_flags(app, arguments.options);
  app.add_option("--seeds", arguments.seeds, "runs, each with the next seed and order seed")
      ->type_name("N")
      ->default_str("1")
      ->check(CLI::Range(1, 1000));
  app.add_option("--state", arguments.states, "what a method begins with; may repeat")
      ->type_name("M=FILE")
      ->allow_extra_args(false);
  app.add_option("--state-out", arguments.state_out, "folder for what the methods have learnt")
      ->type_name("DIR");
  app.add_option("--cache", arguments.cache,
                 "folder that keeps compiled networks for the next start")
      ->type_name("DIR");
  app.add_option("-o,--output", arguments.output, "records, one JSON object per batch")
      ->type_name("FILE.jsonl");
  app.add_option("--report", arguments.report, "page with tables and plots")
      ->type_name("FILE.html");
  app.add_option("--title", arguments.title, "of the page")->type_name("TEXT");
  app.add_flag("--markdown", arguments.markdown, "print Markdown tables");
  app.add_flag("--no-timings", arguments.no_timings,
               "no times and machine facts: equal runs give equal bytes");
  app.add_flag("--list-methods", arguments.list_methods, "print the methods and end");
  app.add_flag("--quiet", arguments.quiet, "no progress");
}

std::vector<MethodRequest> make_requests(const std::string& methods,
                                         const std::vector<std::string>& settings) {
  std::vector<MethodRequest> requests;
  if (methods == "all") {
    for (const MethodInfo& info : list_methods()) {
      requests.push_back({info.name, {}, true});
    }
  }
  for (const std::string& name :
       methods == "all" ? std::vector<std::string>{} : split_list(methods, "--method")) {
    find_method(name);
    const bool twice = std::any_of(requests.begin(), requests.end(),
                                   [&](const MethodRequest& r) { return r.name == name; });
    if (twice) {
      fail(ErrorCode::InvalidArgument, "--method ", methods, ": '", name, "' is named twice");
    }
    requests.push_back({name, {}, false});
  }
  for (const std::string& setting : settings) {
    add_setting(requests, setting);
  }
  return requests;
}

std::map<std::string, MemoryState> read_states(const std::vector<std::string>& states) {
  std::map<std::string, MemoryState> read;
  for (const std::string& state : states) {
    const std::size_t equals = state.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == state.size()) {
      fail(ErrorCode::InvalidArgument, "--state ", state,
           ": expected METHOD=FILE, e.g. zoa=states/vit-zoa.safetensors");
    }
    const std::string method = state.substr(0, equals);
    find_method(method);  // says what is known
    LoadedSnapshot loaded = load_with_warning(state.substr(equals + 1));
    if (!read.emplace(method, std::move(loaded.state)).second) {
      fail(ErrorCode::InvalidArgument, "--state ", state, ": a second state for '", method, "'");
    }
  }
  return read;
}

EvalOptions seed_options(const EvalOptions& options, std::int64_t k) {
  EvalOptions moved = options;
  moved.seed += k;
  moved.order_seed += k;
  return moved;
}

std::string eval_command(const EvalArguments& arguments) {
  std::string command = "zoa eval " + shell_word(arguments.models);
  const auto add = [&](const std::string& flag, const std::string& value) {
    if (!value.empty()) {
      command += " " + flag + " " + shell_word(value);
    }
  };
  add("--data", arguments.data.spec);
  add("--corrupt", arguments.data.corrupt);
  add("--labels", arguments.data.labels);
  add("--subset", arguments.data.subset);
  add("--domains", arguments.domains);
  add("--method", arguments.methods);
  for (const std::string& setting : arguments.settings) {
    add("--set", setting);
  }
  for (const std::string& state : arguments.states) {
    add("--state", state);
  }
  add("--seeds", arguments.seeds == 1 ? "" : std::to_string(arguments.seeds));
  const std::vector<OptionText> defaults = list_options(EvalOptions{});
  const std::vector<OptionText> present = list_options(arguments.options);
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i].value != defaults[i].value && present[i].name != "threads") {
      std::string flag = "--" + present[i].name;
      std::replace(flag.begin(), flag.end(), '_', '-');
      if (present[i].type == "bool" && defaults[i].value == "false") {
        command += " " + flag;
      } else {
        add(flag, present[i].value);
      }
    }
  }
  return command;
}

}  // namespace zoa::cli
